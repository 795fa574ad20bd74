// Entry of the few things HTML cannot do by itself. Every page works without it.
import { clock } from "./clock.js";
import { session } from "./session.js";
import { unsaved } from "./unsaved.js";
import { progress } from "./progress.js";
import { drop } from "./drop.js";
import { printing } from "./printing.js";
import { menu } from "./menu.js";
import { filters } from "./filters.js";
import { lock } from "./lock.js";
import { meter } from "./meter.js";
import { passkeys } from "./passkey.js";
import { review } from "./review.js";
import { visiting } from "./visiting.js";

for (const start of [clock, session, unsaved, progress, drop, printing, menu, filters, lock, meter, passkeys, review, visiting]) {
  try { start(); } catch (e) { console.error(start.name, e); }
}
const errors = document.getElementById("errors");
if (errors) errors.focus();
