// One key an answer: Y same, N different, L later. Typing into a field is left alone; a page is answered once, and not
// by the rest of a press that was meant for the pair before.
"use strict";
let answered = false;
const shownAt = performance.now();
const LOOKED_AT_LEAST_MS = 250;
const meant = (event) => (/^[a-z]$/i.test(event.key) ? event.key : event.code.replace("Key", "")).toLowerCase();
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
  const answer = ["y", "n", "l"].includes(meant(event)) && document.querySelector(`[data-key="${meant(event)}"]`);
  if (!answer) return;
  event.preventDefault();
  if (answered || performance.now() - shownAt < LOOKED_AT_LEAST_MS) return;
  answered = !answer.form || answer.formNoValidate || answer.form.checkValidity();
  answer.click();
});
window.addEventListener("pageshow", (event) => { if (event.persisted) answered = false; });
