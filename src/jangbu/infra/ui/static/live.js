// Brings the page up to date every few seconds; without it, reloading does the same.
(() => {
  "use strict";
  const EVERY_MS = 3000;
  const lost = document.getElementById("lost");

  // A part someone is using now (a field, an opened link) is left alone until they move on.
  const inUse = (part) => part.contains(document.activeElement);

  function swap(fresh) {
    for (const part of document.querySelectorAll("[data-live]")) {
      const next = fresh.getElementById(part.id);
      if (next && !inUse(part) && next.innerHTML !== part.innerHTML) {
        part.replaceChildren(...document.importNode(next, true).childNodes);
      }
    }
  }

  async function look() {
    if (document.hidden) return;
    try {
      const answer = await fetch(location.href.split("#")[0], { cache: "no-store", credentials: "same-origin" });
      if (!answer.ok) throw new Error(String(answer.status));
      swap(new DOMParser().parseFromString(await answer.text(), "text/html"));
      lost.hidden = true;
    } catch {
      lost.hidden = false;
    }
  }

  async function turn() {
    await look();
    setTimeout(turn, EVERY_MS);
  }

  setTimeout(turn, EVERY_MS);
  document.addEventListener("visibilitychange", look);
})();
