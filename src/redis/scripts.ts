import { createHash } from 'node:crypto';

import { MAX_CONSUMED_IDS } from '../suspension/check.js';

/** So many more are remembered before the oldest are deleted: not one at a time. */
const CONSUMED_SURPLUS = 1_000;
/** For how long what expired is reported as expired instead of unknown. */
export const EXPIRED_KEPT_MS = 24 * 60 * 60 * 1000;

/** A script, by the digest under which Redis knows it. */
export interface Script {
  readonly text: string;
  readonly sha: string;
}

/*
 * Everything of a run has one hash tag, that of its partition, and so is on one node: KEYS[1] is what these keys begin with.
 *
 *   r:<run>  a hash: `m` the state of the present generation, `h` its facts, `e` its envelope, `g` the last generation, `o<n>` outcomes
 *   q:<run>  a hash, the mailbox: by number, messages; `s` the last number and the size
 *   k:<run>  a hash: by id, the number of a message; below 0 once it was consumed
 *   ids      a sorted set of ids, in their order
 *   sweep    a sorted set of ids, by when a sweep has to look
 *   due:<d>  a sorted set of runs of deployment d, by when they are due; deps: a set of these deployments
 *
 * `m` is an array as MessagePack: generation, fence, 1 while resuming, expiry, when it is due or false, the number of the last message that
 * does not make it due, that of the last one that its claimant has, end of the lease, losses, owner, nonce of the claim, deployment, nonce
 * of the last release.
 *
 * A client may send a command again whose answer was lost. A nonce tells that it is the same, and the answer is the same. It then writes
 * something, too: WAIT waits for writes of its own connection.
 */
const COMMON = `
local base = KEYS[1]
local function field(run, name) return redis.call('HGET', base .. 'r:' .. run, name) end
local function load(run)
  local m = field(run, 'm')
  return m and cmsgpack.unpack(m)
end
local function save(run, m) redis.call('HSET', base .. 'r:' .. run, 'm', cmsgpack.pack(m)) end
local function touch() redis.call('SET', base .. 'touch', '') end
local function number(n) return string.format('%.0f', n) end
local function mail(run)
  local s = redis.call('HGET', base .. 'q:' .. run, 's')
  if not s then return 0, 0 end
  local last, bytes = string.match(s, '^(%d+)|(%d+)$')
  return tonumber(last), tonumber(bytes)
end
local function expect(run, m, last)
  local at = m[5]
  if last > m[6] then at = 0 end
  if at and m[3] == 1 and at < m[8] then at = m[8] end
  local key = base .. 'due:' .. m[12]
  if not at then return redis.call('ZREM', key, run) end
  redis.call('ZADD', key, number(at), run)
  redis.call('SADD', base .. 'deps', m[12])
end
local function sweepAt(run, m)
  local at = m[4]
  if m[3] == 1 and m[8] > at then at = m[8] end
  redis.call('ZADD', base .. 'sweep', number(at), run .. '.' .. m[1])
end
local function outcome(run, generation) return field(run, 'o' .. generation) end
local function isLast(run, m) return tonumber(field(run, 'g')) == m[1] end
local function holds(m, generation, fence, nonce)
  return m and m[1] == generation and m[3] == 1 and m[2] == fence and (nonce == '' or m[11] == nonce)
end
-- A head of the client's; sizes; facts; content.
local function record(run, m, keep, head, content)
  local facts = field(run, 'h')
  local bytes = redis.call('HSTRLEN', base .. 'r:' .. run, 'e')
  redis.call('HSET', base .. 'r:' .. run, 'o' .. m[1], head .. struct.pack('>I4I4', bytes, #facts) .. facts .. content)
  redis.call('ZADD', base .. 'sweep', keep, run .. '.' .. m[1])
end
local function close(run, m)
  redis.call('HDEL', base .. 'r:' .. run, 'm', 'h', 'e')
  redis.call('ZREM', base .. 'due:' .. m[12], run)
end
local function begin(run, generation, facts, envelope, expires, due, deployment, seen, last)
  local m = { generation, 0, 0, expires, due, seen, 0, 0, 0, '', '', deployment, '' }
  local id = run .. '.' .. generation
  redis.call('HSET', base .. 'r:' .. run, 'm', cmsgpack.pack(m), 'h', facts, 'e', envelope)
  if tonumber(field(run, 'g') or 0) < generation then redis.call('HSET', base .. 'r:' .. run, 'g', generation) end
  redis.call('ZADD', base .. 'ids', 0, id)
  redis.call('ZADD', base .. 'sweep', number(expires), id)
  if due or last > seen then expect(run, m, last) end
end
local function remove(run, generation)
  local key = base .. 'r:' .. run
  redis.call('HDEL', key, 'o' .. generation)
  redis.call('ZREM', base .. 'ids', run .. '.' .. generation)
  redis.call('ZREM', base .. 'sweep', run .. '.' .. generation)
  local length = redis.call('HLEN', key)
  if length <= 1 then redis.call('DEL', key, base .. 'q:' .. run, base .. 'k:' .. run) return end
  if tonumber(redis.call('HGET', key, 'g')) ~= generation then return end
  local m = load(run)
  local last = m and m[1] or 0
  for _, name in ipairs(redis.call('HKEYS', key)) do
    local n = tonumber(string.match(name, '^o(%d+)$') or 0)
    if n > last then last = n end
  end
  redis.call('HSET', key, 'g', last)
end
-- The answer of a call that was made before, with this nonce, and was the last one that changed something.
local function again(nonce)
  local kept = redis.call('HGET', base .. 'last', 'nonce')
  if kept ~= nonce then return nil end
  touch()
  return cmsgpack.unpack(redis.call('HGET', base .. 'last', 'answer'))
end
local function answered(nonce, answer)
  redis.call('HSET', base .. 'last', 'nonce', nonce, 'answer', cmsgpack.pack(answer))
  return answer
end
local function split(id)
  local run, generation = string.match(id, '^(.*)%.(%d+)$')
  return run, tonumber(generation)
end
`;

export function script(body: string): Script {
  const text = `${COMMON}${body}`;
  return { text, sha: createHash('sha1').update(text).digest('hex') };
}

/** ARGV: run, facts, envelope, expiry, due or '', deployment. 1 if it is there now, 0 if there is another. */
export const PUT = script(`
local run = ARGV[1]
local m = load(run)
if m then
  touch()
  return (m[1] == 1 and field(run, 'h') == ARGV[2] and field(run, 'e') == ARGV[3]) and 1 or 0
end
-- What is left of a run that has ended, or of one whose first generation was forgotten.
if redis.call('EXISTS', base .. 'r:' .. run) == 1 then return 0 end
local last = mail(run)
begin(run, 1, ARGV[2], ARGV[3], tonumber(ARGV[4]), tonumber(ARGV[5]) or false, ARGV[6], 0, last)
return 1`);

/** ARGV: run, generation, whether to write. State, facts, envelope and outcome, those that there are. */
export const READ = script(`
local run, generation = ARGV[1], tonumber(ARGV[2])
if ARGV[3] == '1' then touch() end
local m = load(run)
if m and m[1] == generation then return { ARGV[2], field(run, 'm'), field(run, 'h'), field(run, 'e') } end
return { ARGV[2], '', '', '', outcome(run, generation) }`);

/** ARGV: run, whether to write. As READ. */
export const CURRENT = script(`
local run = ARGV[1]
local last = field(run, 'g')
if not last then return {} end
if ARGV[2] == '1' then touch() end
local m = load(run)
if m and m[1] == tonumber(last) then return { last, field(run, 'm'), field(run, 'h'), field(run, 'e') } end
return { last, '', '', '', outcome(run, last) }`);

/** ARGV: run, generation, owner, end of the lease, now, nonce. */
export const CLAIM = script(`
local run, generation, lease, now = ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[4]), tonumber(ARGV[5])
local m = load(run)
if not m or m[1] ~= generation then
  touch()
  local found = outcome(run, generation)
  return found and { 'settled', found } or { 'unknown' }
end
if m[3] == 1 and m[11] == ARGV[6] then
  touch()
else
  if m[3] == 1 and now < m[8] then return { 'leased', m[8] } end
  if now >= m[4] then return { 'expired' } end
  local last = mail(run)
  m[9] = m[3] == 1 and m[9] + 1 or 0
  -- The first one is random: an id that is erased and stored again does not begin with the same.
  m[2] = m[2] > 0 and m[2] + 1 or tonumber(string.sub(redis.sha1hex(ARGV[6]), 1, 12), 16)
  m[3] = 1
  m[7] = last
  m[8] = lease
  m[10] = ARGV[3]
  m[11] = ARGV[6]
  save(run, m)
  if m[5] or last > m[6] then expect(run, m, last) end
  sweepAt(run, m)
end
return { 'claimed', m[2], m[9], m[5] or -1, field(run, 'e'), redis.call('HGETALL', base .. 'q:' .. run) }`);

/** ARGV: run, generation, fence, nonce of the claim, end of the lease. */
export const RENEW = script(`
local run = ARGV[1]
local m = load(run)
if not holds(m, tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]) then return 0 end
m[8] = tonumber(ARGV[5])
save(run, m)
local last = mail(run)
if m[5] or last > m[6] then expect(run, m, last) end
sweepAt(run, m)
return 1`);

/** ARGV: run, generation, fence, nonce of the claim, nonce, whether it is due otherwise, due or ''. */
export const RELEASE = script(`
local run = ARGV[1]
local m = load(run)
if m and m[3] == 0 and m[13] == ARGV[5] and m[1] == tonumber(ARGV[2]) then touch() return 1 end
if not holds(m, tonumber(ARGV[2]), tonumber(ARGV[3]), ARGV[4]) then return 0 end
m[3] = 0
m[8] = 0
m[9] = 0
m[10] = ''
m[13] = ARGV[5]
if ARGV[6] == '1' then
  m[5] = tonumber(ARGV[7]) or false
  m[6] = m[7]
end
save(run, m)
local last = mail(run)
expect(run, m, last)
sweepAt(run, m)
return 1`);

/**
 * ARGV: run, generation, fence or '', nonce of the claim, nonce, head of the outcome, its content, kept until, ids of messages as JSON; and of
 * the next one: facts, envelope, expiry, due or '', deployment.
 */
export const SETTLE = script(`
local run, generation = ARGV[1], tonumber(ARGV[2])
local m = load(run)
if not m or m[1] ~= generation then
  touch()
  local found = outcome(run, generation)
  if not found then return { 'unknown' } end
  if string.sub(found, 2, 17) == ARGV[5] then return { 'recorded' } end
  return { 'settled', found }
end
if ARGV[3] ~= '' and not holds(m, generation, tonumber(ARGV[3]), ARGV[4]) then return { 'fenced' } end
record(run, m, ARGV[8], ARGV[6], ARGV[7])
local last, bytes = mail(run)
local q, k = base .. 'q:' .. run, base .. 'k:' .. run
if last > 0 and ARGV[9] ~= '[]' then
  local count = 0
  local consumed = redis.call('HLEN', k) - redis.call('HLEN', q) + 1
  for _, id in ipairs(cjson.decode(ARGV[9])) do
    local seq = tonumber(redis.call('HGET', k, id) or 0)
    if seq > 0 then
      local length = redis.call('HSTRLEN', q, number(seq)) - 18 - #id
      redis.call('HDEL', q, number(seq))
      redis.call('HSET', k, id, number(-seq))
      bytes = bytes - length
      count = count + 1
    end
  end
  if count > 0 then redis.call('HSET', q, 's', number(last) .. '|' .. number(bytes)) end
  if math.floor(consumed / ${CONSUMED_SURPLUS}) ~= math.floor((consumed + count) / ${CONSUMED_SURPLUS})
    and consumed + count > ${MAX_CONSUMED_IDS} then
    local all, gone = redis.call('HGETALL', k), {}
    for i = 1, #all, 2 do
      local seq = tonumber(all[i + 1])
      if seq < 0 then gone[#gone + 1] = { -seq, all[i] } end
    end
    table.sort(gone, function(a, b) return a[1] < b[1] end)
    for i = 1, #gone - ${MAX_CONSUMED_IDS} do redis.call('HDEL', k, gone[i][2]) end
  end
end
if ARGV[10] then
  if m[12] ~= ARGV[14] then redis.call('ZREM', base .. 'due:' .. m[12], run) end
  local due = tonumber(ARGV[13]) or false
  local waits = redis.call('HLEN', q) > 1
  local isDue = due or waits
  begin(run, generation + 1, ARGV[10], ARGV[11], tonumber(ARGV[12]), due, ARGV[14], waits and 0 or last, last)
  if not isDue then redis.call('ZREM', base .. 'due:' .. ARGV[14], run) end
else
  close(run, m)
end
return { 'recorded' }`);

/** ARGV: now, limit, deployment. For each: its id, since when, its facts. */
export const DUE = script(`
local now, limit = tonumber(ARGV[1]), tonumber(ARGV[2])
local key = base .. 'due:' .. ARGV[3]
local found, from = {}, 0
while #found < limit and from < 50 * limit do
  local some = redis.call('ZRANGEBYSCORE', key, '-inf', ARGV[1], 'WITHSCORES', 'LIMIT', from, limit)
  for i = 1, #some, 2 do
    local m = load(some[i])
    if m and now < m[4] and #found < limit then
      found[#found + 1] = { some[i] .. '.' .. m[1], some[i + 1], field(some[i], 'h') }
    end
  end
  if #some < 2 * limit then break end
  from = from + limit
end
return found`);

/** ARGV: ids. For each: id, state, facts, length of the envelope; or id, '', head and facts of the outcome, length of its content. */
export const SUMMARIES = script(`
local lines = {}
for _, id in ipairs(ARGV) do
  local run, generation = split(id)
  local m = load(run)
  if m and m[1] == generation then
    lines[#lines + 1] = { id, field(run, 'm'), field(run, 'h'), redis.call('HSTRLEN', base .. 'r:' .. run, 'e') }
  else
    local found = outcome(run, generation)
    if found then
      local _, facts = struct.unpack('>I4I4', string.sub(found, 34, 41))
      lines[#lines + 1] = { id, '', string.sub(found, 1, 41 + facts), #found - 41 - facts }
    end
  end
end
return lines`);

/** ARGV: now, limit, the head of the outcome of what expires, nonce. Ids that expired, ids that were deleted, how many were looked at. */
export const SWEEP = script(`
local before = again(ARGV[4])
if before then return before end
local now = tonumber(ARGV[1])
local expired, forgotten = {}, {}
local ids = redis.call('ZRANGEBYSCORE', base .. 'sweep', '-inf', ARGV[1], 'LIMIT', 0, ARGV[2])
for _, id in ipairs(ids) do
  local run, generation = split(id)
  local m = load(run)
  local found = outcome(run, generation)
  if m and m[1] == generation then
    if now >= m[4] and (m[3] == 0 or now >= m[8]) then
      record(run, m, number(now + ${EXPIRED_KEPT_MS}), ARGV[3], '')
      close(run, m)
      expired[#expired + 1] = id
    else
      sweepAt(run, m)
    end
  elseif found then
    local keep = struct.unpack('>d', string.sub(found, 26, 33))
    if now >= keep then
      remove(run, generation)
      forgotten[#forgotten + 1] = id
    else
      redis.call('ZADD', base .. 'sweep', number(keep), id)
    end
  else
    remove(run, generation)
  end
end
local answer = { expired, forgotten, #ids }
if #expired + #forgotten > 0 then answered(ARGV[4], answer) end
return answer`);

/** ARGV: ids. */
export const FORGET = script(`
for _, id in ipairs(ARGV) do
  local run, generation = split(id)
  if outcome(run, generation) then remove(run, generation) end
end
return 1`);

/** ARGV: runs. */
export const ERASE = script(`
for _, run in ipairs(ARGV) do
  local m = load(run)
  if m then
    local id = run .. '.' .. m[1]
    redis.call('ZREM', base .. 'ids', id)
    redis.call('ZREM', base .. 'sweep', id)
    redis.call('ZREM', base .. 'due:' .. m[12], run)
  end
  for _, name in ipairs(redis.call('HKEYS', base .. 'r:' .. run)) do
    local generation = string.match(name, '^o(%d+)$')
    if generation then
      redis.call('ZREM', base .. 'ids', run .. '.' .. generation)
      redis.call('ZREM', base .. 'sweep', run .. '.' .. generation)
    end
  end
  redis.call('DEL', base .. 'r:' .. run, base .. 'q:' .. run, base .. 'k:' .. run)
end
touch()
return 1`);
