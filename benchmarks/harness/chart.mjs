// The chart of the README: one execution here and elsewhere, as bars on a linear scale. Its colours are
// readable on light and dark backgrounds; its own background is transparent.
import { ratio, time } from './format.mjs';

const WIDTH = 720;
const LABEL_WIDTH = 230;
const VALUE_WIDTH = 130;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
const ROW = 28;
const HEADING = 44;
const COLOURS = { ours: '#2f81f7', others: '#8b949e', text: '#768390' };

/** The rows that are shown: the fastest variant of each peer with a similar isolation. */
const SHOWN = {
  'nexus-runtime: pristine image': 'nexus-runtime',
  'quickjs-emscripten: new runtime + context': 'quickjs-emscripten, new runtime',
  'isolated-vm: new context, cached script': 'isolated-vm, new context',
  'quickjs-wasi: restore from snapshot': 'quickjs-wasi, restored snapshot',
};

export function drawChart({ questions }) {
  const pristine = questions.find(({ id }) => id === 'pristine')?.tables.find(({ id }) => id === 'quick-start');
  const rows = (pristine?.rows ?? []).filter(({ subject, medianUs }) => subject in SHOWN && medianUs !== undefined);
  rows.sort((a, b) => a.medianUs - b.medianUs);
  const ours = rows.find(({ subject }) => subject.startsWith('nexus-runtime'));
  const longest = Math.max(...rows.map(({ medianUs }) => medianUs));
  const bars = rows.map((row, i) => {
    const y = HEADING + i * ROW;
    const width = Math.max(2, (row.medianUs / longest) * BAR_WIDTH).toFixed(1);
    const colour = row === ours ? COLOURS.ours : COLOURS.others;
    const value = row === ours ? time(row.medianUs) : `${time(row.medianUs)}, ${ratio(row.medianUs / ours.medianUs)}`;
    return `<text x="${LABEL_WIDTH - 10}" y="${y + 14}" text-anchor="end">${escapeXml(SHOWN[row.subject])}</text>
<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${ROW - 8}" rx="2" fill="${colour}"/>
<text x="${LABEL_WIDTH + Number(width) + 8}" y="${y + 14}">${escapeXml(value)}</text>`;
  });
  const style = `text { font: 13px system-ui, sans-serif; fill: ${COLOURS.text}; } .title { font-weight: 600; }`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEADING + rows.length * ROW}" role="img">
<title>The time of one execution in a clean VM, nexus-runtime beside its peers</title>
<style>${style}</style>
<text class="title" x="0" y="20">One execution in a clean VM, one thread: median time, less is better</text>
${bars.join('\n')}
</svg>
`;
}

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
