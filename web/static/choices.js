/* Choices under a field: asked for while one types, by any name or sound; the field keeps working as plain text. */
"use strict";

document.querySelectorAll("input[data-choices]").forEach((box) => {
  const list = document.createElement("ul"), holder = document.createElement("div");
  list.className = "suggestions"; list.id = `${box.id}-choices`; list.hidden = true;
  list.setAttribute("role", "listbox");
  holder.className = "choosing";
  box.replaceWith(holder); holder.append(box, list);
  box.setAttribute("role", "combobox");
  box.setAttribute("aria-controls", list.id);
  box.setAttribute("aria-autocomplete", "list");
  let waiting = 0, asked = null, at = -1;

  const close = () => {
    window.clearTimeout(waiting);
    list.hidden = true; at = -1;
    box.setAttribute("aria-expanded", "false");
    box.removeAttribute("aria-activedescendant");
  };
  const take = (item) => { box.value = item.dataset.value; close(); };
  const choose = (place) => {
    if (!list.children.length) return;
    at = (place + list.children.length) % list.children.length;
    [...list.children].forEach((item, index) => item.setAttribute("aria-selected", String(index === at)));
    box.setAttribute("aria-activedescendant", list.children[at].id);
    list.children[at].scrollIntoView({ block: "nearest" });
  };
  const show = (choices) => {
    list.replaceChildren(...choices.map((one, place) => {
      const item = document.createElement("li");
      item.id = `${box.id}-choice-${place}`; item.setAttribute("role", "option");
      item.dataset.value = one.value; item.textContent = one.text;
      item.addEventListener("mousedown", (event) => { event.preventDefault(); take(item); });
      return item;
    }));
    at = -1;
    list.hidden = choices.length === 0 || document.activeElement !== box;
    box.setAttribute("aria-expanded", String(!list.hidden));
    if (choices.length && box.value.trim()) choose(0);
  };
  const ask = () => {
    if (asked) asked.abort();
    asked = new AbortController();
    fetch(`${box.dataset.choices}&q=${encodeURIComponent(box.value)}`, { signal: asked.signal, headers: { Accept: "application/json" } })
      .then((reply) => (reply.ok ? reply.json() : { choices: [] }))
      .then((answer) => show(answer.choices))
      .catch(() => {});
  };
  const soon = () => { window.clearTimeout(waiting); waiting = window.setTimeout(ask, 120); };

  box.addEventListener("input", (event) => { if (!event.isComposing) soon(); });
  box.addEventListener("compositionend", soon);
  box.addEventListener("blur", close);
  box.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    if (list.hidden) { if (event.key === "ArrowDown") { event.preventDefault(); ask(); } return; }
    if (event.key === "ArrowDown") { event.preventDefault(); choose(at + 1); }
    if (event.key === "ArrowUp") { event.preventDefault(); choose(at < 0 ? -1 : at - 1); }
    if (event.key === "Escape") { event.preventDefault(); event.stopPropagation(); close(); }
    if (event.key === "Tab" && at >= 0) take(list.children[at]);
    /* The first Enter takes the choice, the next one sends the form. */
    if (event.key === "Enter" && at >= 0 && box.value !== list.children[at].dataset.value) { event.preventDefault(); take(list.children[at]); }
  });
});
