/** Runs on threads: what there is to know of one chunk of a log. Every line that begins in the chunk is counted once. */

const LEVELS = [
  ['fatal', /\b(fatal|critical|panic|emerg)\b/i],
  ['error', /\b(error|severe|exception|failed|failure)\b/i],
  ['warn', /\b(warn|warning|invalid|refused|timed out)\b/i],
  ['debug', /\b(debug|trace)\b/i],
];
const ALARMING = new Set(['fatal', 'error']);
/** Examples of one template that a chunk gives. */
const MOST_EXAMPLES = 1;

export default function triage({ path, text, fromLine, lines }) {
  const pieces = text.split('\n');
  if (pieces.at(-1) === '') pieces.pop();
  // The rest of a line that began in the chunk before, and was counted there.
  const begun = pieces.length > lines ? pieces.slice(pieces.length - lines) : pieces;
  const firstLine = fromLine + (pieces.length - begun.length);
  const levels = {};
  const templates = new Map();
  const anomalies = new Map();
  for (const [at, line] of begun.entries()) {
    const level = levelOf(line);
    levels[level] = (levels[level] ?? 0) + 1;
    const template = templateOf(line);
    templates.set(template, (templates.get(template) ?? 0) + 1);
    if (!ALARMING.has(level)) continue;
    const known = anomalies.get(template) ?? { level, count: 0, examples: [] };
    known.count++;
    if (known.examples.length < MOST_EXAMPLES)
      known.examples.push({ path, line: firstLine + at, text: line });
    anomalies.set(template, known);
  }
  return { path, lines: begun.length, levels, templates: [...templates], anomalies: [...anomalies] };
}

function levelOf(line) {
  return LEVELS.find(([, pattern]) => pattern.test(line))?.[0] ?? 'info';
}

/** The line without what differs from one event to the next. */
function templateOf(line) {
  return line
    .trim()
    .replace(/\b[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}\b|\b0x[0-9a-f]+\b|\bblk_-?\d+\b/gi, '<id>')
    .replace(/(\/[\w.+-]+){2,}/g, '<path>')
    .replace(/\b\d+(\.\d+){3}(:\d+)?\b/g, '<address>')
    .replace(/\d+/g, '<n>');
}
