/* Yedang: small helps for the desk. Every page works without them. */
"use strict";

document.addEventListener("keydown", (event) => {
  const typing = /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName);
  if (event.key === "/" && !typing && !event.ctrlKey && !event.metaKey) {
    const box = document.getElementById("search-box");
    if (box) { event.preventDefault(); box.focus(); box.select(); }
  }
});

/* A form that changes something is sent once: printing twice would take numbers twice. */
document.addEventListener("submit", (event) => {
  const form = event.target;
  const asked = event.submitter?.dataset.confirm || form.dataset.confirm;
  if (asked && !window.confirm(asked)) { event.preventDefault(); return; }
  const elsewhere = event.submitter && event.submitter.formTarget;
  if (form.method !== "post" || "again" in form.dataset || elsewhere) return;
  if (form.dataset.sent) { event.preventDefault(); return; }
  form.dataset.sent = "yes";
  window.setTimeout(() => form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = true; }), 0);
});
window.addEventListener("pageshow", () => {
  document.querySelectorAll("form[data-sent]").forEach((form) => {
    delete form.dataset.sent;
    form.querySelectorAll("button[type=submit]").forEach((button) => { button.disabled = false; });
  });
});

document.querySelectorAll("[data-submit-on-change]").forEach((field) => {
  field.addEventListener("change", () => field.form.submit());
});

document.querySelectorAll("[data-check-all]").forEach((box) => {
  box.addEventListener("change", () => {
    document.querySelectorAll(`input[name="${box.dataset.checkAll}"]`).forEach((one) => { one.checked = box.checked; });
  });
});

document.querySelectorAll("[data-zoom]").forEach((button) => {
  button.addEventListener("click", () => {
    const large = document.querySelector(".scan-view").classList.toggle("large");
    button.setAttribute("aria-pressed", String(large));
  });
});

/* A printed file fetches itself once; the button stays for a second try. */
const file = document.querySelector("a[data-fetch-now]");
if (file) window.setTimeout(() => { window.location.assign(file.href); }, 300);

/* A batch still being read: look again until it is done. */
const watching = document.querySelector("[data-watch]");
if (watching) {
  const bar = watching.querySelector("progress");
  const look = () => fetch(watching.dataset.watch, { headers: { Accept: "application/json" } })
    .then((reply) => reply.json())
    .then((now) => {
      if (now.finished) { window.location.reload(); return; }
      bar.max = Math.max(1, now.total); bar.value = now.done;
      const words = watching.querySelector("[data-watch-text]");
      if (words && now.text) words.textContent = now.text;
      window.setTimeout(look, 800);
    })
    .catch(() => window.setTimeout(look, 3000));
  look();
}
