import { MAX_MAILBOX_BYTES, MAX_MESSAGES } from '../suspension/check.js';
import { script } from './scripts.js';

/** ARGV: run, id, number of bytes of the content, what is stored before the content: length of the id, id, nonce; the content. */
export const POST = script(`
local run, id, length = ARGV[1], ARGV[2], tonumber(ARGV[3])
local m = load(run)
if not m then
  touch()
  return redis.call('EXISTS', base .. 'r:' .. run) == 1 and 'ended' or 'unknown'
end
if not isLast(run, m) then return 'ended' end
local q, k = base .. 'q:' .. run, base .. 'k:' .. run
local seq = redis.call('HGET', k, id)
if seq then
  touch()
  local kept = redis.call('HGET', q, seq)
  return kept and string.sub(kept, 1, #ARGV[4]) == ARGV[4] and 'accepted' or 'duplicate'
end
local last, bytes = mail(run)
if redis.call('HLEN', q) - 1 >= ${MAX_MESSAGES} or bytes + length > ${MAX_MAILBOX_BYTES} then return 'full' end
last = last + 1
redis.call('HSET', q, number(last), ARGV[4] .. ARGV[5], 's', number(last) .. '|' .. number(bytes + length))
redis.call('HSET', k, id, number(last))
expect(run, m, last)
return 'accepted'`);

/** ARGV: run, ids of messages that are left out. */
export const MESSAGES = script(`
local q, k = base .. 'q:' .. ARGV[1], base .. 'k:' .. ARGV[1]
if #ARGV == 1 then return redis.call('HGETALL', q) end
local known, mail = {}, {}
for index = 2, #ARGV do known[redis.call('HGET', k, ARGV[index]) or ''] = true end
for _, name in ipairs(redis.call('HKEYS', q)) do
  if name ~= 's' and not known[name] then
    mail[#mail + 1] = name
    mail[#mail + 1] = redis.call('HGET', q, name)
  end
end
return mail`);
