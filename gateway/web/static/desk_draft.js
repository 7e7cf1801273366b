// A call's draft: saved as it is typed. What cannot be sent is kept in this browser until it can.
import { ask } from "./desk_server.js";

const PAUSE = 400; // milliseconds after the last key
const AGAIN = 3000;

export class DraftKeeper {
  constructor(told) {
    this._told = told; // told("saved" | "saving" | "kept_here" | "conflict" | "")
    this.call = "";
    this._version = 0;
    this._text = "";
    this._sent = "";
  }

  // The text to begin with: what was typed here and never sent goes before what the gateway has.
  open(call, { version, text }) {
    this.close();
    this.call = call;
    this._version = version;
    this._text = this._sent = text;
    const kept = localStorage.getItem(this._key());
    if (kept !== null && kept !== text) {
      this._text = kept;
      this._later(0);
    }
    this._told(text ? "saved" : "");
    return this._text;
  }

  type(text) {
    if (!this.call || text === this._text) return;
    this._text = text;
    localStorage.setItem(this._key(), text);
    this._told("saving");
    this._later(PAUSE);
  }

  // Sends what is not sent yet, and waits for it.
  async flush() {
    clearTimeout(this._timer);
    if (this.call && this._text !== this._sent) await this._save();
  }

  close(forget = false) {
    clearTimeout(this._timer);
    if (forget && this.call) localStorage.removeItem(this._key());
    this.call = "";
  }

  _key(call = this.call) {
    return `draft:${call}`;
  }

  // The gateway has this text now, though another call is shown.
  _forget(call, text) {
    if (localStorage.getItem(this._key(call)) === text) localStorage.removeItem(this._key(call));
  }

  _later(after) {
    clearTimeout(this._timer);
    this._timer = setTimeout(() => this._save(), after);
  }

  async _save() {
    if (this._busy) return this._later(PAUSE);
    const { call, _text: text, _version: version } = this;
    this._busy = true;
    try {
      const saved = await ask("PUT", `calls/${encodeURIComponent(call)}/draft`, { version, text });
      if (call !== this.call) return this._forget(call, text);
      this._version = saved.version;
      this._sent = text;
      if (this._text === text) {
        localStorage.removeItem(this._key());
        this._told("saved");
      } else this._later(PAUSE);
    } catch (problem) {
      if (call !== this.call) return;
      if (problem.status === 409) {
        // Another page of the same agent wrote: what stands here goes on top of it.
        this._version = (await ask("GET", `calls/${encodeURIComponent(call)}/draft`)).version;
        this._told("conflict");
        this._later(AGAIN);
      } else {
        this._told("kept_here");
        this._later(AGAIN);
      }
    } finally {
      this._busy = false;
    }
  }
}
