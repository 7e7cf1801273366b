// Recordings of prompts: any sound that the browser can read becomes WAV, 8000 Hz, mono, 16 bit; or it is recorded here.
import "./file_button.js";

const RATE = 8000;

/** The samples of a sound file as one channel at 8000 Hz. */
async function samples(blob) {
  const raw = await new AudioContext().decodeAudioData(await blob.arrayBuffer());
  const offline = new OfflineAudioContext(1, Math.max(1, Math.ceil(raw.duration * RATE)), RATE);
  const source = offline.createBufferSource();
  source.buffer = raw;
  source.connect(offline.destination);
  source.start();
  return (await offline.startRendering()).getChannelData(0);
}

function wav(data) {
  const view = new DataView(new ArrayBuffer(44 + data.length * 2));
  const text = (at, word) => [...word].forEach((sign, n) => view.setUint8(at + n, sign.charCodeAt(0)));
  text(0, "RIFF"); view.setUint32(4, 36 + data.length * 2, true); text(8, "WAVEfmt ");
  view.setUint32(16, 16, true); view.setUint16(20, 1, true); view.setUint16(22, 1, true);
  view.setUint32(24, RATE, true); view.setUint32(28, RATE * 2, true); view.setUint16(32, 2, true); view.setUint16(34, 16, true);
  text(36, "data"); view.setUint32(40, data.length * 2, true);
  data.forEach((value, n) => view.setInt16(44 + n * 2, Math.max(-1, Math.min(1, value)) * 32767, true));
  return new File([view.buffer], "recording.wav", { type: "audio/wav" });
}

async function take(form, blob, words) {
  const input = form.querySelector("input[type=file]");
  const said = form.querySelector(".said");
  try {
    const list = new DataTransfer();
    const data = await samples(blob);
    list.items.add(wav(data));
    input.files = list.files;
    said.textContent = `${(data.length / RATE).toFixed(1)} s`;
  } catch {
    said.textContent = words.unreadable;
  }
}

function recorder(form, words) {
  const button = Object.assign(document.createElement("button"), { type: "button", textContent: words.record });
  const said = form.querySelector(".said");
  let running = null;
  button.addEventListener("click", async () => {
    if (running) return running.stop();
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ audio: true });
      const parts = [];
      running = new MediaRecorder(stream);
      running.addEventListener("dataavailable", (event) => parts.push(event.data));
      running.addEventListener("stop", async () => {
        stream.getTracks().forEach((track) => track.stop());
        running = null;
        button.textContent = words.record;
        await take(form, new Blob(parts), words);
      });
      running.start();
      button.textContent = words.recording;
    } catch {
      said.textContent = words.noMicrophone;
    }
  });
  form.querySelector("button[type=submit]").before(button);
}

export function prompts(table) {
  const words = table.dataset;
  table.addEventListener("change", (event) => {
    if (event.target.type === "file" && event.target.files[0]) take(event.target.form, event.target.files[0], words);
  });
  table.addEventListener("toggle", (event) => {
    const form = event.target.querySelector?.("form.recorder");
    if (!form || !event.target.open || form.dataset.ready) return;
    form.dataset.ready = "yes";
    if (navigator.mediaDevices && window.MediaRecorder) recorder(form, words);
  }, true);
  const filter = document.querySelector("#filter");
  filter.addEventListener("input", () => {
    const wanted = filter.value.trim().toLowerCase();
    for (const row of table.tBodies[0].rows) row.hidden = !row.textContent.toLowerCase().includes(wanted);
  });
}
