// Many files as one zip, made in the browser: stored, not compressed, since pictures are compressed already.

import { Zip, ZipPassThrough } from "../vendor/fflate.js";

const LARGEST = 4 * 2 ** 30 - 2 ** 26;
const MOST = 65000;
const PART = 32 * 2 ** 20;

/** Why these files cannot be packed here, or an empty string. */
export function refusal(files) {
  const total = files.reduce((sum, { file }) => sum + file.size, 0);
  if (total > LARGEST || files.length > MOST) return "These are too many pictures to pack in the browser. Make a zip of them first and drop that.";
  return "";
}

/** A Blob with all files; `onProgress(share)`; `signal` ends it early. */
export async function pack(files, onProgress, signal) {
  const parts = [];
  let pending = [];
  let size = 0;
  const zip = new Zip((error, chunk) => {
    if (error) throw error;
    pending.push(chunk);
    size += chunk.length;
    if (size > PART) flush();
  });
  // A blob of its own lets the browser keep finished parts on disk.
  const flush = () => {
    parts.push(new Blob(pending));
    pending = [];
    size = 0;
  };
  const total = files.reduce((sum, { file }) => sum + file.size, 0) || 1;
  let done = 0;
  for (const { file, path } of unique(files)) {
    signal.throwIfAborted();
    const entry = new ZipPassThrough(path);
    zip.add(entry);
    entry.push(new Uint8Array(await file.arrayBuffer()), true);
    done += file.size;
    onProgress(done / total);
  }
  zip.end();
  flush();
  return new Blob(parts, { type: "application/zip" });
}

/** Two files of one name from two places: both stay. */
function unique(files) {
  const seen = new Map();
  return files.map(({ file, path }) => {
    const times = seen.get(path) ?? 0;
    seen.set(path, times + 1);
    return { file, path: times ? path.replace(/(\.[^./]*)?$/, `-${times}$1`) : path };
  });
}
