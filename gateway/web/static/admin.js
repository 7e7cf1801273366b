// /desk/admin works without this: here only what is shown once can be copied, and one question is open at a time.
import "./desk_parts.js";
import "./plain_forms.js";
import { prompts } from "./admin_prompts.js";

const once = document.querySelector("#once");
const copy = document.querySelector("#copy");
if (once && copy && navigator.clipboard) {
  copy.hidden = false;
  copy.addEventListener("click", async () => {
    await navigator.clipboard.writeText(once.textContent);
    copy.textContent = "✓";
  });
}
for (const ask of document.querySelectorAll("details.ask")) {
  ask.addEventListener("toggle", () => {
    if (!ask.open) return;
    for (const other of document.querySelectorAll("details.ask[open]")) if (other !== ask) other.open = false;
    ask.querySelector("select, input:not([type=hidden]), button")?.focus();
  });
}
document.querySelector("#told")?.scrollIntoView({ block: "nearest" });
document.querySelector("[aria-invalid]")?.focus();
const table = document.querySelector("table.prompts");
if (table) prompts(table);
