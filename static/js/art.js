// Small pixel pictures made by rule from a seed, and how they emerge from noise: for places that have no real samples yet.

const SIDE = 16;
const KINDS = ["creature", "face", "digit", "land", "animal", "flower"];

const GLYPHS = [
  "01110 10001 10011 10101 11001 10001 01110", "00100 01100 00100 00100 00100 00100 01110", "01110 10001 00001 00110 01000 10000 11111",
  "11110 00001 00001 01110 00001 00001 11110", "00010 00110 01010 10010 11111 00010 00010", "11111 10000 11110 00001 00001 10001 01110",
  "00110 01000 10000 11110 10001 10001 01110", "11111 00001 00010 00100 01000 01000 01000", "01110 10001 10001 01110 10001 10001 01110",
  "01110 10001 10001 01111 00001 00010 01100",
].map((glyph) => glyph.split(" "));

/** Numbers in [0, 1) that repeat for the same seed (mulberry32). */
export function random(seed) {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
  };
}

const pick = (next, from) => from[Math.floor(next() * from.length)];

function tone(hue, saturation, lightness) {
  const chroma = saturation * Math.min(lightness, 1 - lightness);
  const channel = (shift) => {
    const place = (shift + hue / 30) % 12;
    return Math.round(255 * (lightness - chroma * Math.max(-1, Math.min(place - 3, 9 - place, 1))));
  };
  return [channel(0), channel(8), channel(4)];
}

/** A SIDE x SIDE picture as rows of [r, g, b]. */
class Board {
  constructor(background) {
    this.dots = Array.from({ length: SIDE * SIDE }, () => background);
  }

  dot(x, y, value) {
    if (x >= 0 && y >= 0 && x < SIDE && y < SIDE) this.dots[y * SIDE + x] = value;
  }

  both(x, y, value) {
    this.dot(x, y, value);
    this.dot(SIDE - 1 - x, y, value);
  }

  disc(cx, cy, radius, value, squash = 1) {
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) if (Math.hypot(x - cx, (y - cy) / squash) <= radius) this.dot(x, y, value);
    }
  }

  box(x0, y0, x1, y1, value) {
    for (let y = y0; y <= y1; y++) for (let x = x0; x <= x1; x++) this.dot(x, y, value);
  }
}

const PAINTERS = {
  creature(next) {
    const board = new Board([28, 28, 36]);
    const hue = next() * 360;
    const body = tone(hue, 0.5, 0.55);
    const shade = tone(hue + 10, 0.5, 0.4);
    const top = 2 + Math.floor(next() * 4);
    const wide = 3 + Math.floor(next() * 3);
    const waist = next() * 2.5;
    for (let y = top; y < 13; y++) {
      const along = (y - top) / (12 - top);
      const reach = Math.max(2, Math.round(wide * Math.sqrt(Math.sin(Math.PI * (0.12 + 0.76 * along))) - waist * Math.sin(Math.PI * 2 * along) * 0.5));
      for (let x = 0; x < reach; x++) board.both(7 - x, y, x === reach - 1 ? shade : body);
    }
    const feature = Math.floor(next() * 4);
    if (feature === 0) for (let y = 1; y < top + 1; y++) board.both(5, y, shade);
    if (feature === 1) for (let x = 0; x < 3; x++) board.both(2 + x, 9 - x, shade);
    if (feature === 2) for (let y = top - 1; y < top + 2; y++) board.both(4, y, body);
    const feet = next() < 0.5 ? 5 : 6;
    for (const y of [13, 14]) board.both(feet, y, shade);
    if (next() < 0.4) board.box(6, 10, 9, 11, tone(hue + 20, 0.4, 0.75));
    const eye = top + 3;
    board.both(6, eye, [245, 245, 245]);
    board.both(6, eye + 1, [20, 20, 26]);
    return board;
  },
  face(next) {
    const board = new Board(tone(pick(next, [215, 265, 190, 340]), 0.55, 0.84));
    const skin = pick(next, [[246, 205, 170], [222, 164, 120], [166, 108, 70], [112, 72, 50]]);
    const hair = pick(next, [[60, 40, 30], [34, 28, 32], [196, 92, 36], [226, 178, 74], [120, 84, 60]]);
    const shirt = tone(next() * 360, 0.65, 0.45);
    const long = next() < 0.5;
    board.disc(7.5, 7, 5.4, hair);
    if (long) board.box(2, 7, 13, 12, hair);
    board.disc(7.5, 16, 6.2, shirt);
    board.box(6, 11, 9, 13, skin);
    board.disc(7.5, 8, 4.2, skin, 1.1);
    board.box(4, 3, 11, 4 + Math.floor(next() * 2), hair);
    board.both(5, 8, [30, 24, 30]);
    board.both(7, 11, tone(355, 0.5, 0.45));
    if (next() < 0.25) for (const x of [4, 5, 6]) board.both(x, 7, [40, 40, 50]);
    return board;
  },
  digit(next) {
    const board = new Board([0, 0, 0]);
    const glyph = pick(next, GLYPHS);
    const lean = (next() - 0.5) * 0.5;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const column = Math.floor((x - 3 - lean * (8 - y)) / 2);
        const ink = glyph[Math.floor((y - 1) / 2)]?.[column] === "1";
        if (ink) board.dot(x, y, next() < 0.85 ? [250, 250, 250] : [178, 178, 178]);
      }
    }
    return board;
  },
  land(next) {
    const board = new Board([0, 0, 0]);
    const grid = Array.from({ length: 36 }, next);
    const height = (x, y) => {
      const [i, j, u, v] = [Math.floor(x / 4), Math.floor(y / 4), (x % 4) / 4, (y % 4) / 4];
      const at = (a, b) => grid[a + b * 6];
      return (at(i, j) * (1 - u) + at(i + 1, j) * u) * (1 - v) + (at(i, j + 1) * (1 - u) + at(i + 1, j + 1) * u) * v;
    };
    const bands = [[0.36, [58, 112, 150]], [0.42, [214, 196, 150]], [0.62, [126, 160, 92]], [2, [66, 108, 70]]];
    const road = 2 + next() * 11;
    const slope = next() - 0.5;
    for (let y = 0; y < SIDE; y++) {
      for (let x = 0; x < SIDE; x++) {
        const high = height(x, y);
        board.dot(x, y, bands.find(([limit]) => high < limit)[1].map((value) => value + Math.round((next() - 0.5) * 14)));
        if (high > 0.42 && Math.abs(x - road - slope * y) < 0.6) board.dot(x, y, [206, 204, 198]);
      }
    }
    return board;
  },
  animal(next) {
    const board = new Board(tone(pick(next, [40, 90, 200, 330]), 0.35, 0.9));
    const fur = tone(18 + next() * 26, 0.3 + next() * 0.4, 0.3 + next() * 0.35);
    const dark = fur.map((value) => Math.round(value * 0.62));
    const light = fur.map((value) => Math.round(value + (255 - value) * 0.55));
    const hanging = next() < 0.5;
    for (let k = 0; k < 5; k++) board.both(hanging ? 1 + (k > 3 ? 1 : 0) : 2 + Math.floor(k / 2), hanging ? 5 + k : 1 + k, dark);
    for (let k = 0; k < 5; k++) board.both(hanging ? 2 : 3 + Math.floor(k / 3), hanging ? 4 + k : 2 + k, dark);
    board.disc(7.5, 8, 5.3, fur);
    board.disc(7.5, 11, 2.8, light);
    board.both(5, 7, [26, 22, 24]);
    board.box(7, 10, 8, 10, [30, 24, 26]);
    board.both(6, 12, dark);
    if (next() < 0.4) board.disc(4.5, 6.5, 1.6, dark), board.dot(5, 7, [255, 255, 255]);
    return board;
  },
  flower(next) {
    const board = new Board([252, 252, 250]);
    const petal = tone(next() * 360, 0.75, 0.6);
    const count = 5 + Math.floor(next() * 3);
    const turn = next() * 6;
    board.box(7, 9, 8, 15, [70, 130, 74]);
    board.disc(4.5, 13, 1.8, [86, 150, 86], 0.6);
    for (let k = 0; k < count; k++) board.disc(7.5 + 3.6 * Math.cos(turn + (k * 2 * Math.PI) / count), 6 + 3.6 * Math.sin(turn + (k * 2 * Math.PI) / count), 2.3, petal);
    board.disc(7.5, 6, 2, [240, 196, 60]);
    return board;
  },
};

function blurred(dots, radius) {
  if (radius < 1) return dots;
  return dots.map((_, place) => {
    const x0 = place % SIDE;
    const y0 = Math.floor(place / SIDE);
    const sum = [0, 0, 0];
    let count = 0;
    for (let y = Math.max(0, y0 - radius); y <= Math.min(SIDE - 1, y0 + radius); y++) {
      for (let x = Math.max(0, x0 - radius); x <= Math.min(SIDE - 1, x0 + radius); x++, count++) dots[y * SIDE + x].forEach((value, c) => (sum[c] += value));
    }
    return sum.map((value) => value / count);
  });
}

/** Draws picture `seed` of a kind as it looks at moment `t`: 0 is noise, 1 the finished picture. */
export function drawArt(canvas, kind, seed, t = 1) {
  const target = PAINTERS[kind](random(seed * 7919 + kind.length)).dots;
  const noise = random(seed + Math.round(t * 97) * 31);
  const grain = t >= 1 ? 0 : 0.92 * Math.pow(1 - t, 2.2);
  const soft = blurred(target, Math.round(5 * Math.pow(1 - t, 1.3)));
  const cell = grain > 0 ? 4 : 8; // noise is finer than the picture
  const side = 128 / cell;
  canvas.width = canvas.height = 128;
  const context = canvas.getContext("2d");
  for (let place = 0; place < side * side; place++) {
    const [x, y] = [place % side, Math.floor(place / side)];
    const dot = soft[Math.floor((y * SIDE) / side) * SIDE + Math.floor((x * SIDE) / side)];
    const light = 40 + noise() * 150;
    const [r, g, b] = dot.map((one) => Math.round(one * (1 - grain) + grain * (light + (noise() - 0.5) * 90)));
    context.fillStyle = `rgb(${r} ${g} ${b})`;
    context.fillRect(x * cell, y * cell, cell, cell);
  }
}

export const kindOf = (place) => KINDS[place % KINDS.length];
