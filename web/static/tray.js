/* The tray by keys, if wanted; the order in which pages are ticked. Every act is a button that works without this. */
"use strict";

(() => {
  const keys = document.getElementById("keys"), wanted = document.getElementById("keys-on");
  const STORED = "yedang-tray-keys";
  if (wanted) {
    wanted.checked = window.localStorage.getItem(STORED) !== "off";
    wanted.addEventListener("change", () => window.localStorage.setItem(STORED, wanted.checked ? "on" : "off"));
  }
  const toggle = () => { if (keys.open) keys.close(); else keys.showModal(); };
  document.querySelectorAll("[data-open-keys]").forEach((button) => button.addEventListener("click", toggle));

  const typing = (field) => field.matches("input:not([type=checkbox]), textarea, select");

  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing || event.defaultPrevented) return;
    const field = document.activeElement;
    if (typing(field)) { if (event.key === "Escape") field.blur(); return; }
    if (event.key === "?") { event.preventDefault(); toggle(); return; }
    if (keys.open || !wanted.checked) return;
    const name = CSS.escape(event.key);
    const box = document.querySelector(`[data-focus="${name}"]`), button = document.querySelector(`[data-key="${name}"]`);
    if (box) {
      event.preventDefault();
      const folded = box.closest("details");
      if (folded) folded.open = true;
      box.focus(); box.select();
    } else if (button) {
      event.preventDefault();
      button.click();
    }
  });

  /* ---- the order of ticking ---- */
  document.querySelectorAll("form.tray-form").forEach((form) => {
    const order = form.querySelector("[data-order]"), boxes = [...form.querySelectorAll("input[name=pages]")];
    let chosen = order.value.split(",").filter((id) => boxes.some((box) => box.checked && box.value === id));
    const tell = () => {
      const fixed = form.dataset.fixed;
      const told = fixed && !chosen.includes(fixed) ? [fixed, ...chosen] : chosen;
      order.value = told.join(",");
      boxes.forEach((box) => {
        const place = chosen.length ? told.indexOf(box.value) : -1;
        const mark = box.parentElement.querySelector(".nth");
        mark.textContent = place < 0 ? "" : String(place + 1);
        box.closest(".tray-card, .mate").classList.toggle("chosen", place >= 0);
      });
    };
    boxes.forEach((box) => box.addEventListener("change", () => {
      chosen = chosen.filter((id) => id !== box.value);
      if (box.checked) chosen.push(box.value);
      tell();
    }));
    tell();
  });
})();
