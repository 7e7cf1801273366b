// Files that belong to a written report: each is put beside the item as soon as it is chosen, and named by the report.
import { Problem } from "./desk_server.js";
import { fileRows, sendFiles } from "./file_rows.js";
import { $, button, told, w } from "./desk_parts.js";

// Rows of files that were handed in with a report.
export const rowsOfReport = (item, files) => fileRows({ number: item.number, kind: item.kind, attachments: files }, { opener: false, reason: "", look: null });

// `places` are the ids of list, input and fault; `changed` is called when the person chose or took away a file.
export function reportFiles({ list, input, fault }, changed) {
  let item = null; // { number, kind }
  let files = [];

  function draw() {
    $(list).replaceChildren(...files.map((file) => {
      const [row] = rowsOfReport(item, [file]);
      row.append(button(w("leave_out"), () => leaveOut(file), "plain"));
      return row;
    }));
  }

  function leaveOut(file) {
    files = files.filter((one) => one.sha256 !== file.sha256);
    draw();
    changed();
    $(input).focus();
  }

  $(input).addEventListener("change", async () => {
    const { number } = item;
    const chosen = [...$(input).files];
    $(fault).textContent = "";
    try {
      const all = await sendFiles(number, chosen);
      if (item.number !== number) return;
      const known = new Set(files.map((file) => file.sha256));
      files = [...files, ...all.slice(-chosen.length).filter((file) => !known.has(file.sha256))];
      draw();
      changed();
    } catch (problem) {
      if (!(problem instanceof Problem)) throw problem;
      $(fault).textContent = told(problem);
    } finally {
      $(input).value = "";
    }
  });

  return {
    get hashes() {
      return files.map((file) => file.sha256);
    },
    get files() {
      return files;
    },
    show(one, given) {
      item = one;
      files = given;
      $(fault).textContent = "";
      draw();
    },
  };
}
