/* Scans on their way in: one request a file, so that a bad one holds up no other; then how far each batch has come. */
"use strict";

(() => {
  const drop = document.querySelector("form.drop");
  if (!drop) return;
  const words = drop.dataset, list = document.querySelector(".uploads");
  const waiting = [];
  let sending = 0;
  const MOST_AT_ONCE = 2;

  const size = (bytes) => (bytes < 1048576 ? `${Math.max(1, Math.round(bytes / 1024))} KB` : `${(bytes / 1048576).toFixed(1)} MB`);

  const line = (file) => {
    const item = document.createElement("li"), top = document.createElement("div");
    const title = document.createElement("span"), state = document.createElement("span"), progress = document.createElement("progress");
    top.className = "row-top"; title.className = "name"; state.className = "soft small-text state"; progress.className = "done";
    title.textContent = file.name; state.textContent = words.waiting; progress.max = file.size || 1; progress.value = 0;
    top.append(title, state); item.append(top, progress); list.append(item);
    return { item, state, progress };
  };

  const refuse = (shown, sentence) => {
    shown.state.textContent = sentence;
    shown.state.className = "refused small-text state";
    shown.progress.remove();
  };

  const lead = (shown, sentence, page) => {
    const link = document.createElement("a");
    link.href = page; link.textContent = sentence;
    shown.state.replaceChildren(link);
  };

  const take = (files) => {
    [...files].forEach((file) => waiting.push({ file, shown: line(file) }));
    next();
  };

  const next = () => {
    while (sending < MOST_AT_ONCE && waiting.length) { sending += 1; upload(waiting.shift()); }
  };

  const upload = ({ file, shown }) => {
    const request = new XMLHttpRequest(), body = new FormData(drop);
    body.delete("files");
    body.append("files", file);
    request.open("POST", drop.action);
    request.setRequestHeader("Accept", "application/json");
    request.responseType = "json";
    request.upload.addEventListener("progress", (event) => {
      shown.progress.max = event.total || 1; shown.progress.value = event.loaded;
      shown.state.textContent = event.loaded < event.total ? `${words.sending} ${size(event.loaded)} / ${size(event.total)}` : words.received;
    });
    request.addEventListener("error", () => refuse(shown, words.failed));
    request.addEventListener("load", () => {
      const answer = request.response || {};
      if (request.status >= 400) refuse(shown, answer.message || words.failed);
      else if (answer.again) { shown.progress.remove(); lead(shown, answer.message, answer.page); }
      else { watched.set(answer.batch, shown); lead(shown, words.reading, answer.page); look(); }
    });
    request.addEventListener("loadend", () => { sending -= 1; next(); });
    request.send(body);
  };

  /* ---- files by the button, or dropped anywhere on the page ---- */
  drop.querySelector("input[type=file]").addEventListener("change", (event) => {
    const chosen = [...event.target.files];
    event.target.value = "";
    take(chosen);
  });
  let inside = 0;
  const carriesFiles = (event) => event.dataTransfer && [...event.dataTransfer.types].includes("Files");
  const over = (on) => { inside = on ? inside : 0; document.body.classList.toggle("dropping", on); drop.classList.toggle("over", on); };
  window.addEventListener("dragenter", (event) => { if (carriesFiles(event)) { event.preventDefault(); inside += 1; over(true); } });
  window.addEventListener("dragover", (event) => { if (carriesFiles(event)) event.preventDefault(); });
  window.addEventListener("dragleave", (event) => { if (carriesFiles(event) && (inside -= 1) <= 0) over(false); });
  window.addEventListener("drop", (event) => {
    if (!carriesFiles(event)) return;
    event.preventDefault(); over(false);
    take(event.dataTransfer.files);
  });
  /* What has been sent is safe; what is still on its way would be lost with the page. */
  window.addEventListener("beforeunload", (event) => { if (sending || waiting.length) event.preventDefault(); });

  /* ---- one question for all batches that are being filed ---- */
  const watched = new Map();
  let asking = false;
  document.querySelectorAll("[data-batch]").forEach((row) => {
    watched.set(Number(row.dataset.batch), { state: row.querySelector(".state"), progress: row.querySelector("progress"), row });
  });

  const look = () => {
    if (asking || !watched.size) return;
    asking = true;
    fetch(words.progress, { headers: { Accept: "application/json" } })
      .then((reply) => reply.json())
      .then((now) => now.batches.forEach(tell))
      .catch(() => {})
      .then(() => { asking = false; if (watched.size) window.setTimeout(look, 900); });
  };

  const tell = (now) => {
    const shown = watched.get(now.batch);
    if (!shown) return;
    shown.progress.max = Math.max(1, now.total); shown.progress.value = now.done;
    lead(shown, now.sentence, now.page);
    if (now.finished) { shown.progress.remove(); watched.delete(now.batch); }
  };
  look();
})();
