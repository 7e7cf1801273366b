// What came with an item: files, pictures, sound; and files that an agent or a unit adds.
import "./file_button.js";
import { current, part, show } from "./desk_item.js";
import { ask } from "./desk_server.js";
import { fileRows, isSealed, sendFiles, showPicture, showSound } from "./file_rows.js";
import { tell } from "./desk_now.js";
import { $, role, told } from "./desk_parts.js";

const { openers } = JSON.parse(document.body.dataset.item);
const reason = () => $("sealed-why").value.trim();

part((one, another) => {
  if (another) $("sealed-why").value = "";
  $("sealed-why-box").hidden = !(isSealed(one) && openers.includes(role));
  showFiles(one);
  $("item-sound").hidden = true;
  if (one.call_id) play(one.call_id);
  if (another) $("files-fault").textContent = "";
});

$("sealed-why").addEventListener("change", () => {
  if (!current()) return;
  showFiles(current());
  if (current().call_id) play(current().call_id);
});

function showFiles(one) {
  $("item-picture").hidden = true;
  $("item-files-box").hidden = !one.attachments.length;
  const look = (source, name) => showPicture($("item-picture"), source, name);
  $("item-files").replaceChildren(...fileRows(one, { opener: openers.includes(role), reason: reason(), look }));
}

const play = (call) => showSound($("peaks"), $("sound"), call, reason(), () => ($("item-sound").hidden = current()?.call_id !== call));

// ------------------------------------------------------------ added files

$("new-files").addEventListener("change", async () => {
  const { number } = current();
  $("files-fault").textContent = "";
  try {
    await sendFiles(number, $("new-files").files);
    $("new-files").value = "";
    if (current()?.number === number) show(await ask("GET", `queue/${number}`));
    tell("changed");
  } catch (problem) {
    $("files-fault").textContent = told(problem);
  }
});

$("add-files").addEventListener("submit", (event) => event.preventDefault());
