/* Yedang: small helps for the desk. Every page works without them, except the progress of an upload. */
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
  if (form.dataset.confirm && !window.confirm(form.dataset.confirm)) { event.preventDefault(); return; }
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

/* ---- upload: one request a file, so that one bad file does not hold up the others ---- */
const drop = document.querySelector("form.drop");
if (drop) {
  const words = drop.dataset;
  const list = document.querySelector(".uploads");
  const send = (chosen) => Array.from(chosen).reduce((before, one) => before.then(() => upload(one)), Promise.resolve());

  drop.querySelector("input[type=file]").addEventListener("change", (event) => {
    const chosen = Array.from(event.target.files);
    event.target.value = "";
    send(chosen);
  });
  ["dragover", "dragleave", "drop"].forEach((kind) => drop.addEventListener(kind, (event) => {
    event.preventDefault();
    drop.classList.toggle("over", kind === "dragover");
    if (kind === "drop") send(event.dataTransfer.files);
  }));

  const line = (name) => {
    const item = document.createElement("li");
    const top = document.createElement("div");
    const title = document.createElement("span");
    const state = document.createElement("span");
    const progress = document.createElement("progress");
    top.className = "row-top"; title.className = "name"; state.className = "soft small-text"; progress.className = "done";
    title.textContent = name; state.textContent = words.sending; progress.max = 100; progress.value = 0;
    top.append(title, state); item.append(top, progress); list.prepend(item);
    return { item, state, progress };
  };

  function upload(chosen) {
    const { item, state, progress } = line(chosen.name);
    return new Promise((done) => {
      const request = new XMLHttpRequest();
      const body = new FormData(drop);
      body.delete("files");
      body.append("files", chosen);
      request.open("POST", drop.action);
      request.setRequestHeader("Accept", "application/json");
      request.responseType = "json";
      request.upload.addEventListener("progress", (event) => {
        if (event.lengthComputable) progress.value = 50 * event.loaded / event.total;
      });
      request.addEventListener("error", () => { refuse(item, state, progress, words.failed); done(); });
      request.addEventListener("load", () => {
        const answer = request.response || {};
        if (request.status >= 400) refuse(item, state, progress, answer.message || words.failed);
        else follow(answer, item, state, progress);
        done();
      });
      request.send(body);
    });
  }

  function refuse(item, state, progress, sentence) {
    state.textContent = sentence;
    state.className = "refused small-text";
    progress.remove();
  }

  function follow(answer, item, state, progress) {
    state.textContent = words.reading;
    progress.value = 50;
    const ask = () => fetch(answer.progress, { headers: { Accept: "application/json" } })
      .then((reply) => reply.json())
      .then((now) => {
        progress.value = 50 + 50 * now.done / Math.max(1, now.total);
        state.textContent = now.sentence;
        if (!now.finished) { window.setTimeout(ask, 600); return; }
        progress.remove();
        state.textContent = "";
        const link = document.createElement("a");
        link.href = answer.page; link.textContent = now.sentence;
        state.append(link);
      })
      .catch(() => window.setTimeout(ask, 3000));
    ask();
  }
}

/* A batch still being read: look again until it is done. */
const watching = document.querySelector("[data-watch]");
if (watching) {
  const bar = watching.querySelector("progress");
  const look = () => fetch(watching.dataset.watch, { headers: { Accept: "application/json" } })
    .then((reply) => reply.json())
    .then((now) => {
      if (now.finished) { window.location.reload(); return; }
      bar.max = Math.max(1, now.total); bar.value = now.done;
      window.setTimeout(look, 800);
    })
    .catch(() => window.setTimeout(look, 3000));
  look();
}
