// Files out of a drop or a choice: [{ file, path }], folders walked.

const PICTURES = /\.(jpe?g|png|webp|gif|bmp|tiff?)$/i;
const ARCHIVES = /\.(zip|tar|tgz|tbz2|txz|tar\.(gz|bz2|xz))$/i;

export const isArchive = (file) => ARCHIVES.test(file.name);
export const isPicture = (file) => PICTURES.test(file.name) || file.type.startsWith("image/");
/** Perhaps: some collections write annotations without an ending. The server looks into them. */
export const isAnnotation = (file) => /\.xml$/i.test(file.name) || !file.name.includes(".");

export function chosen(list) {
  return [...list].map((file) => ({ file, path: file.webkitRelativePath || file.name }));
}

/** The entries must be taken before the first await: afterwards the drop is over. */
export async function dropped(transfer) {
  const entries = [...transfer.items].map((item) => item.webkitGetAsEntry?.()).filter(Boolean);
  if (!entries.length) return chosen(transfer.files);
  const found = [];
  for (const entry of entries) await walk(entry, found);
  return found;
}

async function walk(entry, found) {
  if (entry.isFile) {
    const file = await new Promise((resolve, reject) => entry.file(resolve, reject));
    found.push({ file, path: entry.fullPath.replace(/^\//, "") });
    return;
  }
  const reader = entry.createReader();
  for (;;) {
    const some = await new Promise((resolve, reject) => reader.readEntries(resolve, reject)); // at most 100 at a time
    if (!some.length) return;
    for (const one of some) await walk(one, found);
  }
}
