// Numbers and times in words: the same rules as portal/words.py.

const THIN = "\u202f";

export const thin = (value) => Math.round(value).toString().replace(/\B(?=(\d{3})+$)/g, THIN);

export function short(value) {
  if (Math.abs(value) < 1000) return String(value);
  return `${+(value / 1000).toFixed(1)}k`;
}

export function size(count) {
  let amount = count;
  for (const unit of ["bytes", "kB", "MB", "GB"]) {
    if (amount < 1000) return unit === "bytes" ? `${amount} bytes` : `${+amount.toFixed(amount < 100 ? 1 : 0)} ${unit}`;
    amount /= 1000;
  }
  return `${amount.toFixed(1)} TB`;
}

export function duration(seconds) {
  if (seconds < 55) return `${Math.max(10, Math.round(seconds / 10) * 10)} s`;
  let minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${Math.max(1, minutes)} min`;
  minutes = Math.round(minutes / 5) * 5;
  const hours = Math.floor(minutes / 60);
  if (hours >= 48) return `${Math.round(hours / 24)} days`;
  return minutes % 60 ? `${hours} h ${minutes % 60} min` : `${hours} h`;
}

export function timeLeft(seconds) {
  if (seconds == null) return "Estimating";
  return seconds < 60 ? "Less than a minute left" : `About ${duration(seconds)} left`;
}

/** `when` in seconds since 1970. */
export function ago(when) {
  const seconds = Date.now() / 1000 - when;
  if (seconds < 2) return "just now";
  if (seconds < 60) return `${Math.floor(seconds)} s ago`;
  if (seconds < 3600) return `${Math.floor(seconds / 60)} min ago`;
  if (seconds < 86400) return `${Math.floor(seconds / 3600)} h ago`;
  const days = Math.floor(seconds / 86400);
  return `${days} day${days > 1 ? "s" : ""} ago`;
}

/** What a run uses: "1.9 cores, 1.2 GB", and of a GPU "GPU 88 %, 9.1 GB of 24 GB". */
export function load(reading) {
  if (!reading) return "";
  const { cpu_percent: cpu, gpu_percent: gpu, gpu_memory_total: whole } = reading;
  const cores = cpu == null ? "" : `${+(cpu / 100).toFixed(1)}`;
  const parts = [cores && `${cores} core${cores === "1" ? "" : "s"}, ${size(reading.memory_bytes)}`, gpu == null ? "" : `GPU ${Math.round(gpu)} %`];
  if (whole) parts.push(`${size(reading.gpu_memory_bytes)} of ${size(whole)}${gpu == null ? " GPU memory" : ""}`);
  return parts.filter(Boolean).join(", ");
}
