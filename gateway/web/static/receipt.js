// The receipt as a picture and on paper; what was typed is no longer needed in this tab.

import { forget } from "./form_draft.js";

const WIDTH = 750; // pixels
const SIDE = 48;
const FONT = "system-ui, -apple-system, 'PingFang SC', 'Microsoft YaHei', 'Noto Sans CJK SC', sans-serif";
const button = document.getElementById("as-picture");
const paper = document.getElementById("on-paper");

forget();
button.hidden = paper.hidden = false;
paper.addEventListener("click", () => print());
button.addEventListener("click", () => draw().toBlob(keep, "image/png"));

/** Every line of the receipt: its text, size in pixels, weight. */
function lines() {
  const rows = [...document.querySelectorAll("dl.receipt > div")].flatMap((row) => [
    { text: row.querySelector("dt").textContent.trim(), size: 26, weight: 400, above: 28 },
    ...row.querySelector("dd").innerText.split("\n").filter(Boolean).map((text) => (row.matches(".big") ? { text, size: 52, weight: 700 } : { text, size: 30, weight: 600 })),
  ]);
  const head = [
    { text: button.dataset.centre, size: 30, weight: 600 },
    { text: document.querySelector("h1").textContent.trim(), size: 38, weight: 700, above: 20 },
  ];
  return [...head, ...rows, { text: button.dataset.foot, size: 24, weight: 400, above: 40 }];
}

function draw() {
  const canvas = document.createElement("canvas");
  const pen = canvas.getContext("2d");
  const set = lines().flatMap((line) => broken(pen, line));
  canvas.width = WIDTH;
  canvas.height = set.reduce((sum, { size, above = 0 }) => sum + above + size * 1.4, 2 * SIDE);
  pen.fillStyle = "#fff";
  pen.fillRect(0, 0, canvas.width, canvas.height);
  pen.fillStyle = "#16202e";
  let y = SIDE;
  for (const { text, size, weight, above = 0 } of set) {
    pen.font = `${weight} ${size}px ${FONT}`;
    y += above + size * 1.4;
    pen.fillText(text, SIDE, y - size * 0.4);
  }
  return canvas;
}

/** A line in as many as fit the picture's width. */
function broken(pen, line) {
  pen.font = `${line.weight} ${line.size}px ${FONT}`;
  const parts = [""];
  for (const letter of line.text) {
    if (pen.measureText(parts.at(-1) + letter).width > WIDTH - 2 * SIDE) parts.push("");
    parts[parts.length - 1] += letter;
  }
  return parts.map((text, place) => ({ ...line, text, above: place ? 0 : line.above }));
}

/** Saved where the browser does it, and shown, since some apps save a picture only when it is pressed long. */
function keep(blob) {
  const source = URL.createObjectURL(blob);
  const place = document.getElementById("picture");
  const picture = Object.assign(document.createElement("img"), { src: source, className: "receipt-picture", alt: document.querySelector("dl.receipt").innerText });
  place.querySelector("img")?.remove();
  place.append(picture);
  place.hidden = false;
  Object.assign(document.createElement("a"), { href: source, download: `12315-${button.dataset.number}.png` }).click();
}
