// One key an answer: Y same, N different, L later. Typing into a field is left alone.
"use strict";
document.addEventListener("keydown", (event) => {
  const typing = event.target.closest("input:not([type=checkbox]), textarea, select");
  if (typing || event.ctrlKey || event.metaKey || event.altKey || event.repeat || event.isComposing) return;
  const key = { KeyY: "y", KeyN: "n", KeyL: "l" }[event.code];
  const answer = key && document.querySelector(`[data-key="${key}"]`);
  if (!answer) return;
  event.preventDefault();
  answer.click();
});
