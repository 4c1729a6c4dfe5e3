// Copy buttons. Without this script the text beside them is selected by hand; nothing else depends on it.
"use strict";
for (const button of document.querySelectorAll("[data-copy]")) {
  if (!navigator.clipboard) break;
  button.hidden = false;
  button.addEventListener("click", async () => {
    const source = document.getElementById(button.dataset.copy);
    if (!source) return;
    const said = button.textContent;
    await navigator.clipboard.writeText("value" in source ? source.value : source.textContent.trim());
    button.textContent = button.dataset.copied;
    button.setAttribute("aria-live", "polite");
    setTimeout(() => { button.textContent = said; }, 2000);
  });
}
