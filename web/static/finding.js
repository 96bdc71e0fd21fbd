/* Results as one types, on the search page. Asked once the typing rests; a newer question ends the former one, so that
   at most one is under way; what stands there stays until the new answer is whole. Enter sends the form as ever. */
"use strict";

(() => {
  const box = document.getElementById("search-box"), answer = document.getElementById("answer");
  const said = document.getElementById("answer-said");
  if (!box || !answer) return;
  const REST = 300, SETTLED = 1500;
  let waiting = 0, settling = 0, asked = null, settled = true;

  const addressOf = (text) => {
    const address = new URL(window.location.pathname, window.location.origin);
    const order = new URLSearchParams(window.location.search).get("order");
    if (text) address.searchParams.set("q", text);
    if (text && order) address.searchParams.set("order", order);
    return address.href;
  };

  /* One entry of the history for each question that was left standing, not for each letter on the way to it. */
  const remember = (address) => {
    if (settled) window.history.pushState({}, "", address); else window.history.replaceState({}, "", address);
    settled = false;
    window.clearTimeout(settling);
    settling = window.setTimeout(() => { settled = true; }, SETTLED);
  };

  const show = (html) => {
    const open = answer.querySelector("details.facets")?.open;
    const made = new DOMParser().parseFromString(html, "text/html");
    answer.replaceChildren(...made.body.childNodes);
    const told = document.getElementById("answer-told"), facets = answer.querySelector("details.facets");
    if (facets && open !== undefined) facets.open = open;
    said.textContent = told ? told.dataset.said : "";
    if (told) document.title = document.title.replace(/^.*(?= · )/, () => told.dataset.title);
  };

  const ask = (address, done) => {
    window.clearTimeout(waiting);
    if (asked) asked.abort();
    const mine = asked = new AbortController(), live = new URL(address);
    live.searchParams.set("live", "1");
    answer.setAttribute("aria-busy", "true");
    fetch(live, { signal: mine.signal, headers: { Accept: "text/html" } })
      .then((reply) => {
        /* Signed out meanwhile, or something failed: the page itself says so better. */
        if (!reply.ok || reply.redirected) { window.location.assign(address); return null; }
        return reply.text();
      })
      .then((html) => { if (html !== null && mine === asked) { show(html); if (done) done(address); } })
      .catch(() => {})
      .finally(() => { if (mine === asked) { asked = null; answer.removeAttribute("aria-busy"); } });
  };

  const typed = () => {
    const address = addressOf(box.value.trim());
    if (address !== window.location.href) ask(address, remember);
  };

  const later = () => { window.clearTimeout(waiting); waiting = window.setTimeout(typed, REST); };
  box.addEventListener("input", (event) => { if (!event.isComposing) later(); });
  box.addEventListener("compositionend", later);
  box.form.addEventListener("submit", () => { window.clearTimeout(waiting); if (asked) asked.abort(); });
  window.addEventListener("popstate", () => {
    const question = new URLSearchParams(window.location.search).get("q") || "";
    box.value = question; settled = true;
    ask(window.location.href);
  });

  const results = () => [...answer.querySelectorAll("a.result")];
  const step = (by) => {
    const links = results(), at = links.indexOf(document.activeElement);
    if (by < 0 && at <= 0) { box.focus(); return; }
    (links[at + by] || document.activeElement).focus();
  };
  document.addEventListener("keydown", (event) => {
    if (event.isComposing || event.ctrlKey || event.metaKey || event.altKey) return;
    const inBox = document.activeElement === box, inResults = document.activeElement.matches("#answer a.result");
    if (!inBox && !inResults) return;
    if (event.key === "ArrowDown") { event.preventDefault(); step(1); }
    if (event.key === "ArrowUp" && inResults) { event.preventDefault(); step(-1); }
    if (event.key === "Escape") {
      event.preventDefault();
      if (inResults) { box.focus(); box.select(); } else if (box.value) { box.value = ""; typed(); }
    }
  });
})();
