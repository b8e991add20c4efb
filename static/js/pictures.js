// Pictures cut from sheets: decoded once, drawn at whole multiples so that small tiles stay crisp.

const KEPT = 80;
const decoded = new Map();

/** The decoded picture of an address; the last ones used stay in memory. */
export function picture(url) {
  let found = decoded.get(url);
  if (found) {
    decoded.delete(url);
  } else {
    const image = new Image();
    image.decoding = "async";
    image.src = url;
    found = image.decode().then(() => image);
    found.catch(() => decoded.delete(url));
  }
  decoded.set(url, found);
  if (decoded.size > KEPT) decoded.delete(decoded.keys().next().value);
  return found;
}

/** One tile of a sheet, at its own pixel size. `sheet` has tileWidth, tileHeight and columns. */
export function drawTile(canvas, image, index, sheet) {
  canvas.width = sheet.tileWidth;
  canvas.height = sheet.tileHeight;
  const column = index % sheet.columns;
  const row = Math.floor(index / sheet.columns);
  const context = canvas.getContext("2d");
  context.drawImage(image, column * sheet.tileWidth, row * sheet.tileHeight, sheet.tileWidth, sheet.tileHeight, 0, 0, sheet.tileWidth, sheet.tileHeight);
}

/** The first `across` x `across` tiles as one picture, enlarged by a whole factor to at least `least` pixels. */
function drawCrop(canvas, image, across, sheet, least) {
  const width = across * sheet.tileWidth;
  const height = across * sheet.tileHeight;
  const scale = Math.max(1, Math.ceil(least / Math.max(width, height)));
  canvas.width = width * scale;
  canvas.height = height * scale;
  const context = canvas.getContext("2d");
  context.imageSmoothingEnabled = false;
  context.drawImage(image, 0, 0, width, height, 0, 0, width * scale, height * scale);
}

export function sheetOf(data) {
  return {
    columns: +data.columns,
    rows: +data.rows,
    tileWidth: +(data.tileWidth ?? data.tile_width),
    tileHeight: +(data.tileHeight ?? data.tile_height),
  };
}

/** Replaces the plain crops of a page by crisp canvases, as they come near the screen. */
export function sharpen(within = document) {
  const near = new IntersectionObserver((entries) => {
    for (const entry of entries.filter((one) => one.isIntersecting)) {
      near.unobserve(entry.target);
      sharpenOne(entry.target);
    }
  }, { rootMargin: "300px" });
  for (const image of within.querySelectorAll("img[data-crop]")) near.observe(image);
}

async function sharpenOne(plain) {
  const canvas = document.createElement("canvas");
  const sheet = sheetOf(plain.dataset);
  const across = +plain.dataset.crop;
  canvas.className = plain.className;
  canvas.setAttribute("aria-hidden", "true"); // as the plain picture, whose alternative text is empty
  try {
    const image = await picture(plain.getAttribute("src"));
    drawCrop(canvas, image, across, sheet, Math.ceil(plain.parentElement.clientWidth * devicePixelRatio));
  } catch {
    return; // the plain picture stays
  }
  plain.replaceWith(canvas);
}
