/* The page viewer: zoom and turn fetch the picture alone; keys, swipe, pinch and drag. Every picture fetched is logged,
   so nothing is fetched ahead of its being looked at. */
"use strict";

(() => {
  const viewer = document.querySelector("[data-viewer]");
  if (!viewer) return;
  const pane = viewer.querySelector(".scan-view"), image = pane.querySelector("img");
  const shown = viewer.querySelector("[data-zoom-shown]");
  const zooms = viewer.dataset.zooms.split(" ").map(Number);
  let zoom = Number(viewer.dataset.zoomNow), turn = Number(viewer.dataset.turnNow);
  const button = (name) => viewer.querySelector(`[data-go="${name}"]`);

  const withLook = (address) => {
    const url = new URL(address, window.location.href);
    url.searchParams.delete("zoom"); url.searchParams.delete("turn");
    if (zoom !== 100) url.searchParams.set("zoom", zoom);
    if (turn) url.searchParams.set("turn", turn);
    return url.href;
  };

  const look = (newZoom, newTurn) => {
    if (newZoom === zoom && newTurn === turn) return;
    const middle = { x: (pane.scrollLeft + pane.clientWidth / 2) / pane.scrollWidth, y: (pane.scrollTop + pane.clientHeight / 2) / pane.scrollHeight };
    zoom = newZoom; turn = newTurn;
    image.className = `zoom-${zoom}`;
    image.addEventListener("load", () => {
      pane.scrollLeft = middle.x * pane.scrollWidth - pane.clientWidth / 2;
      pane.scrollTop = middle.y * pane.scrollHeight - pane.clientHeight / 2;
    }, { once: true });
    image.src = withLook(image.src);
    shown.textContent = `${zoom}%`;
    button("smaller").classList.toggle("disabled", zoom === zooms[0]);
    button("larger").classList.toggle("disabled", zoom === zooms[zooms.length - 1]);
    viewer.querySelectorAll("a[data-go=previous], a[data-go=next], .viewer-pages a").forEach((link) => { link.href = withLook(link.href); });
    window.history.replaceState(null, "", withLook(window.location.href));
  };

  const step = (by) => {
    const place = zooms.indexOf(zoom) + by;
    if (place >= 0 && place < zooms.length) look(zooms[place], turn);
  };
  const acts = {
    smaller: () => step(-1), larger: () => step(1), fit: () => look(100, turn), turn: () => look(zoom, (turn + 90) % 360),
    previous: () => { const link = button("previous"); if (link) window.location.assign(link.href); },
    next: () => { const link = button("next"); if (link) window.location.assign(link.href); },
  };

  viewer.querySelectorAll("a[data-go]").forEach((link) => link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    acts[link.dataset.go]();
  }));

  const keys = { ArrowLeft: "previous", PageUp: "previous", ArrowRight: "next", PageDown: "next", "+": "larger", "=": "larger", "-": "smaller", 0: "fit", r: "turn", R: "turn" };
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || /^(INPUT|TEXTAREA|SELECT)$/.test(document.activeElement.tagName)) return;
    const arrows = event.key.startsWith("Arrow");
    if (!keys[event.key] || (arrows && document.activeElement === pane && zoom > 100)) return;
    event.preventDefault();
    acts[keys[event.key]]();
  });

  /* Touch: a swipe across a whole page turns over, two fingers or a double tap change the size. */
  let began = null, apart = 0, tapped = 0;
  const distance = (touches) => Math.hypot(touches[0].clientX - touches[1].clientX, touches[0].clientY - touches[1].clientY);
  pane.addEventListener("touchstart", (event) => {
    if (event.touches.length === 2) { apart = distance(event.touches); began = null; }
    if (event.touches.length === 1) began = { x: event.touches[0].clientX, y: event.touches[0].clientY };
  }, { passive: true });
  pane.addEventListener("touchmove", (event) => {
    if (event.touches.length !== 2 || !apart) return;
    event.preventDefault();
    const ratio = distance(event.touches) / apart;
    if (ratio > 1.25 || ratio < 0.8) { step(ratio > 1 ? 1 : -1); apart = distance(event.touches); }
  }, { passive: false });
  pane.addEventListener("touchend", (event) => {
    if (event.touches.length) return;
    const end = event.changedTouches[0];
    if (began && !apart) {
      const across = end.clientX - began.x, down = end.clientY - began.y;
      if (zoom === 100 && Math.abs(across) > 60 && Math.abs(across) > 2 * Math.abs(down)) acts[across > 0 ? "previous" : "next"]();
      else if (Math.hypot(across, down) < 10) {
        if (event.timeStamp - tapped < 300) { event.preventDefault(); look(zoom === 100 ? 200 : 100, turn); tapped = 0; } else tapped = event.timeStamp;
      }
    }
    began = null; apart = 0;
  });

  /* Mouse: a larger page is pushed about by hand. */
  let held = null;
  pane.addEventListener("pointerdown", (event) => {
    if (event.pointerType !== "mouse" || zoom === 100) return;
    held = { x: event.clientX + pane.scrollLeft, y: event.clientY + pane.scrollTop };
    pane.classList.add("held"); pane.setPointerCapture(event.pointerId);
  });
  pane.addEventListener("pointermove", (event) => {
    if (!held) return;
    pane.scrollLeft = held.x - event.clientX; pane.scrollTop = held.y - event.clientY;
  });
  ["pointerup", "pointercancel"].forEach((kind) => pane.addEventListener(kind, () => { held = null; pane.classList.remove("held"); }));
})();
