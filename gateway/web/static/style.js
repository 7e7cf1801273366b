// /desk/style: the dialog opens as it would.
import { $ } from "./desk_parts.js";

$("open-dialog").addEventListener("click", () => $("dialog").showModal());
