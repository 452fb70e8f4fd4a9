import { js, type Subject } from '../program.js';

export const dates: Subject = {
  subject: 'Date, at fixed points of time in UTC',
  programs: [
    {
      title: 'components of a UTC time and their setters',
      body: js`
        const d = new Date(Date.UTC(2024, 1, 29, 23, 59, 59, 999));
        const parts = [d.getUTCFullYear(), d.getUTCMonth(), d.getUTCDate(), d.getUTCDay(), d.getUTCHours(),
          d.getUTCMinutes(), d.getUTCSeconds(), d.getUTCMilliseconds()];
        d.setUTCMilliseconds(1000); const rolled = d.toISOString();
        d.setUTCFullYear(2023, 13, 0); d.setUTCHours(25, -1);
        return [parts, rolled, d.toISOString(), d.getTime()];
      `,
    },
    {
      title: 'parsing of ISO forms with offsets',
      body: js`
        return ['2024-02-29T12:30:00Z', '2024-02-29T12:30:00.123456Z', '2024-02-29T12:30:00+05:30', '2024-02-29',
          '2024-02', '2024', '+010000-01-01T00:00:00Z', '-000001-01-01T00:00:00Z', '2024-13-01',
          '2024-02-30T00:00:00Z', '2024-01-01T24:00:00Z', 'not a date'].map((s) => Date.parse(s));
      `,
    },
    {
      title: 'limits of the time value and invalid dates',
      body: js`
        const out = [new Date(8.64e15).toISOString(), new Date(8.64e15 + 1).getTime(), new Date(NaN).getUTCDay(),
          String(new Date(NaN)), new Date(1.9).getTime(), new Date(-0.9).getTime(), new Date(NaN).toJSON(),
          JSON.stringify({ d: new Date(0) })];
        try { new Date(NaN).toISOString(); } catch (e) { out.push(e.name + ': ' + e.message); }
        return out;
      `,
    },
    {
      title: 'arithmetic and comparison use the number',
      body: js`
        const a = new Date(1e12), b = new Date(1e12 + 86400000);
        return [b - a, a < b, a == new Date(1e12), a.getTime() === +new Date(1e12), Math.max(a, b),
          [b, a].sort((x, y) => x - y).map(Number), typeof (a + 1), new Date(a).getTime() === a.getTime(),
          a.valueOf()];
      `,
    },
    {
      title: 'calendar arithmetic: leap years, weeks, days of months',
      body: js`
        const days = (y, m) => new Date(Date.UTC(y, m + 1, 0)).getUTCDate();
        const week = (d) => { const t = new Date(d); t.setUTCDate(t.getUTCDate() + 4 - (t.getUTCDay() || 7));
          return Math.ceil(((t - Date.UTC(t.getUTCFullYear(), 0, 1)) / 86400000 + 1) / 7); };
        return [[2023, 2024, 1900, 2000].map((y) => days(y, 1)), ['2024-12-30', '2021-01-03', '2020-12-31'].map(week),
          new Date(Date.UTC(99, 0)).getUTCFullYear(), Date.UTC(2024), Date.UTC(), Date.UTC(2024, 0, 1, 0, 0, 0, 0.9)];
      `,
    },
    {
      title: 'text forms in UTC',
      body: js`
        const d = new Date(Date.UTC(5, 0, 2, 3, 4, 5)); d.setUTCFullYear(5);
        return [d.toUTCString(), d.toISOString(), d.toJSON(), Object.prototype.toString.call(d),
          new Date(0).toUTCString()];
      `,
    },
  ],
};
