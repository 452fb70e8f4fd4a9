// A chart of the results as SVG: bars on a logarithmic scale. Its colours read on light and on dark ground, and it has no ground of its own.
import { rate, time } from './format.mjs';

const WIDTH = 860;
const LABEL_WIDTH = 330;
const VALUE_WIDTH = 90;
const BAR_WIDTH = WIDTH - LABEL_WIDTH - VALUE_WIDTH;
const ROW = 22;
const HEADING = 40;
const COLOURS = { ours: '#2f81f7', others: '#8b949e', text: '#768390' };

const PANELS = [
  {
    question: 'pristine',
    table: 'quick-start',
    title: 'A pristine execution, one thread: time, less is better',
    key: 'medianUs',
    format: time,
  },
  {
    question: 'library',
    table: 'lodash',
    title: 'A handler on lodash, one thread: time, less is better',
    key: 'medianUs',
    format: time,
  },
  {
    question: 'pool',
    table: 'pool',
    title: 'Through the pool, 64 in flight: executions a second, more is better',
    key: 'perSecond',
    format: rate,
    isIt: ({ inFlight }) => inFlight === 64,
  },
  {
    question: 'suspend',
    table: '100',
    title: 'Resumed after 100 awaits: time, less is better',
    key: 'medianUs',
    format: time,
  },
];

export function drawChart(results) {
  let y = 0;
  const parts = [];
  for (const panel of PANELS) {
    const rows = rowsOf(results, panel);
    if (rows.length === 0) continue;
    parts.push(drawPanel(panel, rows, y));
    y += HEADING + rows.length * ROW;
  }
  const style = `text { font: 13px system-ui, sans-serif; fill: ${COLOURS.text}; } .title { font-weight: 600; }`;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${y + 10}" role="img">
<title>nexus-runtime beside its peers, bars on a logarithmic scale</title>
<style>${style}</style>
${parts.join('\n')}
</svg>
`;
}

function rowsOf({ questions }, { question, table, key, isIt = ({ runsNothing }) => !runsNothing }) {
  const found = questions.find(({ id }) => id === question)?.tables.find(({ id }) => id === table);
  return (found?.rows ?? []).filter((row) => row[key] !== undefined && isIt(row));
}

function drawPanel({ title, key, format }, rows, top) {
  const values = rows.map((row) => row[key]);
  // The shortest bar must be seen, too: the scale begins at half of the least.
  const least = Math.log(Math.min(...values) / 2);
  const scale = BAR_WIDTH / (Math.log(Math.max(...values)) - least);
  const lines = rows.map((row, i) => {
    const y = top + HEADING + i * ROW;
    const width = ((Math.log(row[key]) - least) * scale).toFixed(1);
    const colour = row.subject.startsWith('nexus-runtime') ? COLOURS.ours : COLOURS.others;
    return `<text x="${LABEL_WIDTH - 8}" y="${y + 11}" text-anchor="end">${escapeXml(row.subject)}</text>
<rect x="${LABEL_WIDTH}" y="${y}" width="${width}" height="${ROW - 7}" rx="2" fill="${colour}"/>
<text x="${LABEL_WIDTH + Number(width) + 6}" y="${y + 11}">${escapeXml(format(row[key]))}</text>`;
  });
  return `<text class="title" x="0" y="${top + HEADING - 14}">${escapeXml(title)} (logarithmic)</text>\n${lines.join('\n')}`;
}

const escapeXml = (text) => text.replaceAll('&', '&amp;').replaceAll('<', '&lt;');
