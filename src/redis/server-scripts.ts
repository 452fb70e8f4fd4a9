import { script } from './scripts.js';

/** ARGV: version, a new key, ids of secrets before, ids after. Version, key, ids. Without ids, it only reads. */
export const META = script(`
local key = base .. 'meta'
redis.call('HSETNX', key, 'version', ARGV[1])
redis.call('HSETNX', key, 'key', ARGV[2])
local before = redis.call('HGET', key, 'secrets') or ''
if ARGV[4] and before == ARGV[3] then
  redis.call('HSET', key, 'secrets', ARGV[4])
  before = ARGV[4]
end
return { redis.call('HGET', key, 'version'), redis.call('HGET', key, 'key'), before }`);

/** Always of the same node. */
export const TIME = script(`return redis.call('TIME')`);

/** ARGV: id, time, content. */
export const PUT_IMAGE = script(`
redis.call('HSET', base .. 'images', ARGV[1], ARGV[3])
redis.call('HSET', base .. 'times', ARGV[1], ARGV[2])
return 1`);

/** ARGV: id. */
export const GET_IMAGE = script(`return redis.call('HGET', base .. 'images', ARGV[1])`);

export const LIST_IMAGES = script(`
local lines = {}
local times = redis.call('HGETALL', base .. 'times')
for i = 1, #times, 2 do
  lines[#lines + 1] = { times[i], times[i + 1], redis.call('HSTRLEN', base .. 'images', times[i]) }
end
return lines`);

/** ARGV: id, time, nonce. */
export const DELETE_IMAGE = script(`
if again(ARGV[3]) then return 1 end
if redis.call('HGET', base .. 'times', ARGV[1]) ~= ARGV[2] then return 0 end
redis.call('HDEL', base .. 'times', ARGV[1])
redis.call('HDEL', base .. 'images', ARGV[1])
return answered(ARGV[3], 1)`);
