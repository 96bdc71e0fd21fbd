/* Suggestions under the search box: asked for once the typing rests, an older answer never replaces a newer one. */
"use strict";

(() => {
  const box = document.getElementById("search-box");
  /* The search page shows with its answer how the words may go on. */
  if (!box || !box.dataset.suggestions || document.getElementById("answer")) return;
  const list = document.createElement("ul");
  list.className = "suggestions"; list.id = "search-suggestions"; list.hidden = true;
  list.setAttribute("role", "listbox");
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-expanded", "false");
  box.form.append(list);
  let waiting = 0, asked = null, at = -1;

  const close = () => {
    list.hidden = true; at = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };

  const show = (suggestions) => {
    list.replaceChildren(...suggestions.map((one, place) => {
      const item = document.createElement("li"), kind = document.createElement("small");
      item.id = `suggestion-${place}`; item.setAttribute("role", "option"); item.dataset.text = one.text;
      item.textContent = one.name; kind.textContent = one.kind; item.append(kind);
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(item); box.form.requestSubmit(); });
      return item;
    }));
    at = -1;
    list.hidden = suggestions.length === 0;
    box.setAttribute("aria-expanded", String(!list.hidden));
  };

  const take = (item) => { box.value = item.dataset.text; close(); };

  const choose = (place) => {
    at = (place + list.children.length) % list.children.length;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    box.setAttribute("aria-activedescendant", list.children[at].id);
  };

  const ask = () => {
    if (asked) asked.abort();
    asked = new AbortController();
    fetch(`${box.dataset.suggestions}?q=${encodeURIComponent(box.value)}`, { signal: asked.signal, headers: { Accept: "application/json" } })
      .then((reply) => (reply.ok ? reply.json() : { suggestions: [] }))
      .then((answer) => show(answer.suggestions))
      .catch(() => {});
  };

  box.addEventListener("input", (event) => {
    window.clearTimeout(waiting);
    if (event.isComposing) return;
    if (box.value.trim()) waiting = window.setTimeout(ask, 180); else close();
  });
  box.addEventListener("compositionend", () => { window.clearTimeout(waiting); waiting = window.setTimeout(ask, 180); });
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (list.hidden || event.isComposing) return;
    if (event.key === "ArrowDown") { event.preventDefault(); choose(at + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(at < 0 ? -1 : at - 1); }
    if (event.key === "Escape") { event.preventDefault(); close(); }
    if (event.key === "Enter" && at >= 0) take(list.children[at]);
  });
})();
