// The browser words its own control for files in its own language: here it speaks the page's. The input stays, for
// the keyboard and for whoever reads the page to somebody; a label with the page's word stands in its place.

export function fileButton(input) {
  if (!input?.dataset.choose || input.classList.contains("filed")) return;
  input.classList.add("filed");
  const word = Object.assign(document.createElement("label"), { htmlFor: input.id, className: "choose", textContent: input.dataset.choose });
  input.after(word);
}

for (const input of document.querySelectorAll("input[type=file][data-choose]")) fileButton(input);
