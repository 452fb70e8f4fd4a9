import { MAX_CONSUMED_IDS, MAX_MAILBOX_BYTES, MAX_MESSAGES } from '../suspension/check.js';

/** Of the tables and functions below. */
export const SCHEMA_VERSION = 1;

/** So many more are remembered before the oldest are deleted: not one at a time. */
const CONSUMED_SURPLUS = 1_000;
const EXPIRED_KEPT_MS = 24 * 60 * 60 * 1000;

/**
 * What each version adds to the one before, from 1. All statements of a version are one transaction, and can be repeated.
 *
 * - `waiting` has one row a run that has not ended: its present generation. It is updated in place, and locked by whatever changes the run.
 *   No index has a column that a claim or a renewal changes (so that these are HOT updates, which vacuum needs not clean up).
 * - `outcomes` has the settled generations: inserted once, deleted once, by `keep_until`.
 * - `messages` and `consumed` are the mailboxes, and `images` has base images.
 *
 * Each function takes the lock on the row of `waiting` first. What follows are statements of their own, with snapshots of their own: they see
 * whatever the holders of the lock before them did. This is so at the isolation level READ COMMITTED only.
 */
export const MIGRATIONS: readonly ((schema: string) => string)[] = [
  (schema) => `
CREATE SCHEMA IF NOT EXISTS ${schema};

CREATE TABLE IF NOT EXISTS ${schema}.meta (
  id smallint PRIMARY KEY CHECK (id = 1),
  version integer NOT NULL,
  key bytea NOT NULL,
  secret_ids text NOT NULL DEFAULT ''
);

CREATE TABLE IF NOT EXISTS ${schema}.waiting (
  run_id text COLLATE "C" PRIMARY KEY,
  generation integer NOT NULL,
  -- It begins at random, so that an id that is erased and stored again does not have the same ones.
  fence integer NOT NULL DEFAULT floor(random() * 1e9)::integer,
  is_resuming boolean NOT NULL DEFAULT false,
  losses integer NOT NULL DEFAULT 0,
  envelope_bytes integer NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  lease_until bigint NOT NULL DEFAULT 0,
  -- As it was stored, as it is now, and when a message or this makes it due.
  stored_due_at bigint,
  due_at bigint,
  wake_at bigint,
  -- Numbers of messages: the last one, the last one that the claimant has, the last one that does not make it due.
  last_seq bigint NOT NULL,
  claimed_seq bigint NOT NULL DEFAULT 0,
  seen_seq bigint NOT NULL,
  mail_bytes bigint NOT NULL,
  mail_count integer NOT NULL,
  consumed_count integer NOT NULL,
  deployment text COLLATE "C" NOT NULL,
  tenant text,
  owner text,
  info bytea NOT NULL,
  envelope bytea NOT NULL
) WITH (
  fillfactor = 80,
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.05,
  toast.autovacuum_vacuum_scale_factor = 0.02
);
-- It is sealed, which does not compress.
ALTER TABLE ${schema}.waiting ALTER COLUMN envelope SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS waiting_wake ON ${schema}.waiting (deployment, wake_at) WHERE wake_at IS NOT NULL;
CREATE INDEX IF NOT EXISTS waiting_expiry ON ${schema}.waiting (expires_at);

CREATE TABLE IF NOT EXISTS ${schema}.outcomes (
  run_id text COLLATE "C" NOT NULL,
  generation integer NOT NULL,
  envelope_bytes integer NOT NULL,
  created_at bigint NOT NULL,
  expires_at bigint NOT NULL,
  stored_due_at bigint,
  settled_at bigint NOT NULL,
  keep_until bigint NOT NULL,
  state text NOT NULL,
  deployment text NOT NULL,
  tenant text,
  info bytea NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (run_id, generation)
) WITH (
  autovacuum_vacuum_scale_factor = 0.02,
  autovacuum_analyze_scale_factor = 0.05,
  toast.autovacuum_vacuum_scale_factor = 0.02
);
ALTER TABLE ${schema}.outcomes ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE INDEX IF NOT EXISTS outcomes_keep ON ${schema}.outcomes (keep_until);
-- In the order of a listing, of which generations are text: a run may have very many.
CREATE INDEX IF NOT EXISTS outcomes_listing ON ${schema}.outcomes (run_id, (generation::text) COLLATE "C");

CREATE TABLE IF NOT EXISTS ${schema}.messages (
  run_id text COLLATE "C" NOT NULL,
  seq bigint NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  content bytea NOT NULL,
  PRIMARY KEY (run_id, seq)
) WITH (autovacuum_vacuum_scale_factor = 0.02, toast.autovacuum_vacuum_scale_factor = 0.02);
ALTER TABLE ${schema}.messages ALTER COLUMN content SET STORAGE EXTERNAL;
CREATE TABLE IF NOT EXISTS ${schema}.consumed (
  run_id text COLLATE "C" NOT NULL,
  message_id text COLLATE "C" NOT NULL,
  position integer NOT NULL,
  PRIMARY KEY (run_id, message_id)
) WITH (autovacuum_vacuum_scale_factor = 0.02);
CREATE TABLE IF NOT EXISTS ${schema}.images (
  id text COLLATE "C" PRIMARY KEY,
  put_at bigint NOT NULL,
  content bytea NOT NULL
);
ALTER TABLE ${schema}.images ALTER COLUMN content SET STORAGE EXTERNAL;

CREATE OR REPLACE FUNCTION ${schema}.put_suspension(
  p_run text, p_created bigint, p_expires bigint, p_tenant text, p_due bigint, p_deployment text, p_info bytea, p_envelope bytea
) RETURNS boolean LANGUAGE plpgsql AS $$
DECLARE
  is_same boolean;
  last bigint;
  bytes bigint;
  number integer;
BEGIN
  LOOP
    SELECT w.generation = 1 AND w.created_at = p_created AND w.expires_at = p_expires AND w.tenant IS NOT DISTINCT FROM p_tenant
        AND w.stored_due_at IS NOT DISTINCT FROM p_due AND w.deployment = p_deployment AND w.info = p_info AND w.envelope = p_envelope
      INTO is_same FROM ${schema}.waiting w WHERE w.run_id = p_run;
    IF FOUND THEN RETURN is_same; END IF;
    PERFORM 1 FROM ${schema}.outcomes o WHERE o.run_id = p_run LIMIT 1;
    IF FOUND THEN RETURN false; END IF;
    SELECT coalesce(max(m.seq), 0), coalesce(sum(octet_length(m.content)), 0), count(*)
      INTO last, bytes, number FROM ${schema}.messages m WHERE m.run_id = p_run;
    INSERT INTO ${schema}.waiting (run_id, generation, created_at, expires_at, tenant, stored_due_at, due_at, wake_at, deployment, info,
        envelope, envelope_bytes, last_seq, seen_seq, mail_bytes, mail_count, consumed_count)
      VALUES (p_run, 1, p_created, p_expires, p_tenant, p_due, p_due, CASE WHEN number > 0 THEN 0 ELSE p_due END, p_deployment, p_info,
        p_envelope, octet_length(p_envelope), last, 0, bytes, number,
        coalesce((SELECT max(c.position) FROM ${schema}.consumed c WHERE c.run_id = p_run), 0))
      ON CONFLICT DO NOTHING;
    IF FOUND THEN
      -- Others may have put it and ended it since it was looked for above.
      PERFORM 1 FROM ${schema}.outcomes o WHERE o.run_id = p_run LIMIT 1;
      IF NOT FOUND THEN RETURN true; END IF;
      DELETE FROM ${schema}.waiting w WHERE w.run_id = p_run;
      RETURN false;
    END IF;
  END LOOP;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.claim_suspension(p_run text, p_generation integer, p_owner text, p_lease bigint, p_now bigint)
RETURNS TABLE (o_kind text, o_fence integer, o_losses integer, o_due bigint, o_until bigint, o_id text, o_bytes bytea,
  o_state text, o_settled bigint, o_keep bigint) LANGUAGE plpgsql AS $$
DECLARE
  w record;
BEGIN
  SELECT x.generation, x.is_resuming, x.lease_until, x.expires_at, x.mail_count
    INTO w FROM ${schema}.waiting x WHERE x.run_id = p_run FOR UPDATE;
  IF NOT FOUND OR w.generation <> p_generation THEN
    RETURN QUERY SELECT 'settled', NULL::integer, NULL::integer, NULL::bigint, NULL::bigint, NULL::text, o.content, o.state, o.settled_at,
      o.keep_until FROM ${schema}.outcomes o WHERE o.run_id = p_run AND o.generation = p_generation;
    RETURN;
  END IF;
  IF w.is_resuming AND p_now < w.lease_until THEN
    o_kind := 'leased';
    o_until := w.lease_until;
    RETURN NEXT;
    RETURN;
  END IF;
  IF p_now >= w.expires_at THEN
    o_kind := 'expired';
    RETURN NEXT;
    RETURN;
  END IF;
  RETURN QUERY UPDATE ${schema}.waiting x SET
      is_resuming = true, fence = x.fence + 1, owner = p_owner, lease_until = p_lease, claimed_seq = x.last_seq,
      losses = CASE WHEN x.is_resuming THEN x.losses + 1 ELSE 0 END
    WHERE x.run_id = p_run
    RETURNING 'claimed', x.fence, x.losses, x.due_at, NULL::bigint, NULL::text, x.envelope, NULL::text, NULL::bigint, NULL::bigint;
  IF w.mail_count > 0 THEN
    RETURN QUERY SELECT 'message', NULL::integer, NULL::integer, NULL::bigint, NULL::bigint, m.message_id, m.content, NULL::text,
      NULL::bigint, NULL::bigint FROM ${schema}.messages m WHERE m.run_id = p_run ORDER BY m.seq;
  END IF;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.settle_suspension(
  p_run text, p_generation integer, p_fence integer, p_state text, p_content bytea, p_settled bigint, p_keep bigint, p_consumed text,
  n_created bigint, n_expires bigint, n_tenant text, n_due bigint, n_deployment text, n_info bytea, n_envelope bytea
) RETURNS TABLE (o_kind text, o_bytes bytea, o_state text, o_settled bigint, o_keep bigint) LANGUAGE plpgsql AS $$
DECLARE
  w record;
  number integer := 0;
  bytes bigint := 0;
BEGIN
  SELECT x.generation, x.is_resuming, x.fence, x.consumed_count, x.mail_count
    INTO w FROM ${schema}.waiting x WHERE x.run_id = p_run FOR UPDATE;
  IF NOT FOUND OR w.generation <> p_generation THEN
    RETURN QUERY SELECT 'settled', o.content, o.state, o.settled_at, o.keep_until
      FROM ${schema}.outcomes o WHERE o.run_id = p_run AND o.generation = p_generation;
    RETURN;
  END IF;
  IF p_fence IS NOT NULL AND NOT (w.is_resuming AND w.fence = p_fence) THEN
    o_kind := 'fenced';
    RETURN NEXT;
    RETURN;
  END IF;
  INSERT INTO ${schema}.outcomes (run_id, generation, envelope_bytes, created_at, expires_at, stored_due_at, settled_at, keep_until, state,
      deployment, tenant, info, content)
    SELECT x.run_id, x.generation, x.envelope_bytes, x.created_at, x.expires_at, x.stored_due_at, p_settled, p_keep, p_state, x.deployment,
      x.tenant, x.info, p_content FROM ${schema}.waiting x WHERE x.run_id = p_run;
  IF w.mail_count > 0 AND p_consumed <> '[]' THEN
    WITH gone AS (
      DELETE FROM ${schema}.messages m
        WHERE m.run_id = p_run AND m.message_id IN (SELECT jsonb_array_elements_text(p_consumed::jsonb))
        RETURNING m.message_id, m.seq, octet_length(m.content) AS length
    ), kept AS (
      INSERT INTO ${schema}.consumed (run_id, message_id, position)
        SELECT p_run, g.message_id, w.consumed_count + row_number() OVER (ORDER BY g.seq) FROM gone g
    )
    SELECT count(*), coalesce(sum(g.length), 0) INTO number, bytes FROM gone g;
    IF w.consumed_count / ${CONSUMED_SURPLUS} <> (w.consumed_count + number) / ${CONSUMED_SURPLUS} THEN
      DELETE FROM ${schema}.consumed c
        WHERE c.run_id = p_run AND c.position <= w.consumed_count + number - ${MAX_CONSUMED_IDS};
    END IF;
  END IF;
  IF p_state = 'continued' THEN
    UPDATE ${schema}.waiting x SET
        generation = p_generation + 1, fence = floor(random() * 1e9)::integer, is_resuming = false, losses = 0, lease_until = 0, owner = NULL, claimed_seq = 0,
        created_at = n_created, expires_at = n_expires, tenant = n_tenant, deployment = n_deployment, info = n_info, envelope = n_envelope,
        envelope_bytes = octet_length(n_envelope), stored_due_at = n_due, due_at = n_due,
        wake_at = CASE WHEN x.mail_count > number THEN 0 ELSE n_due END,
        seen_seq = CASE WHEN x.mail_count > number THEN 0 ELSE x.last_seq END,
        mail_count = x.mail_count - number, mail_bytes = x.mail_bytes - bytes, consumed_count = x.consumed_count + number
      WHERE x.run_id = p_run;
  ELSE
    DELETE FROM ${schema}.waiting x WHERE x.run_id = p_run;
  END IF;
  o_kind := 'recorded';
  RETURN NEXT;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.post_message(p_run text, p_id text, p_content bytea) RETURNS text LANGUAGE plpgsql AS $$
DECLARE
  w record;
  is_open boolean;
BEGIN
  SELECT x.generation, x.mail_count, x.mail_bytes INTO w FROM ${schema}.waiting x WHERE x.run_id = p_run FOR UPDATE;
  is_open := FOUND;
  PERFORM 1 FROM ${schema}.outcomes o WHERE o.run_id = p_run AND (NOT is_open OR o.generation > w.generation) LIMIT 1;
  IF FOUND THEN RETURN 'ended'; END IF;
  IF NOT is_open THEN RETURN 'unknown'; END IF;
  PERFORM 1 FROM ${schema}.consumed c WHERE c.run_id = p_run AND c.message_id = p_id;
  IF FOUND THEN RETURN 'duplicate'; END IF;
  IF w.mail_count > 0 THEN
    PERFORM 1 FROM ${schema}.messages m WHERE m.run_id = p_run AND m.message_id = p_id;
    IF FOUND THEN RETURN 'duplicate'; END IF;
  END IF;
  IF w.mail_count >= ${MAX_MESSAGES} OR w.mail_bytes + octet_length(p_content) > ${MAX_MAILBOX_BYTES} THEN RETURN 'full'; END IF;
  WITH place AS (
    UPDATE ${schema}.waiting x SET last_seq = x.last_seq + 1, mail_count = x.mail_count + 1,
        mail_bytes = x.mail_bytes + octet_length(p_content), wake_at = 0
      WHERE x.run_id = p_run RETURNING x.last_seq
  )
  INSERT INTO ${schema}.messages (run_id, seq, message_id, content) SELECT p_run, place.last_seq, p_id, p_content FROM place;
  RETURN 'accepted';
END $$;

CREATE OR REPLACE FUNCTION ${schema}.expire_suspensions(p_now bigint, p_limit integer) RETURNS SETOF text LANGUAGE sql AS $$
  -- As an array: joined, so many rows are expected of an unknown limit that the whole table would be read.
  WITH gone AS (
    DELETE FROM ${schema}.waiting x WHERE x.run_id = ANY (ARRAY(
        SELECT d.run_id FROM ${schema}.waiting d
          WHERE d.expires_at <= p_now AND (NOT d.is_resuming OR d.lease_until <= p_now)
          ORDER BY d.expires_at LIMIT p_limit FOR UPDATE SKIP LOCKED
      ))
      RETURNING x.run_id, x.generation, x.envelope_bytes, x.created_at, x.expires_at, x.stored_due_at, x.deployment, x.tenant, x.info
  ), kept AS (
    INSERT INTO ${schema}.outcomes (run_id, generation, envelope_bytes, created_at, expires_at, stored_due_at, settled_at, keep_until,
        state, deployment, tenant, info, content)
      SELECT run_id, generation, envelope_bytes, created_at, expires_at, stored_due_at, p_now, p_now + ${EXPIRED_KEPT_MS}, 'expired',
        deployment, tenant, info, ''::bytea FROM gone
  )
  SELECT gone.run_id || '.' || gone.generation FROM gone
$$;

CREATE OR REPLACE FUNCTION ${schema}.empty_mailboxes(p_runs text[]) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  ended text[];
BEGIN
  -- One look into the index for each, whatever the planner expects: NOT EXISTS may become a join.
  SELECT array_agg(r) INTO ended FROM unnest(p_runs) r
    WHERE (SELECT true FROM ${schema}.waiting w WHERE w.run_id = r LIMIT 1) IS NULL
      AND (SELECT true FROM ${schema}.outcomes o WHERE o.run_id = r LIMIT 1) IS NULL;
  DELETE FROM ${schema}.messages m WHERE m.run_id = ANY (ended);
  DELETE FROM ${schema}.consumed c WHERE c.run_id = ANY (ended);
END $$;

CREATE OR REPLACE FUNCTION ${schema}.forget_outcomes(p_now bigint, p_limit integer) RETURNS SETOF text LANGUAGE plpgsql AS $$
DECLARE
  runs text[];
  ids text[];
BEGIN
  -- By their places, as an array: an outcome is never updated.
  WITH gone AS (
    DELETE FROM ${schema}.outcomes o WHERE o.ctid = ANY (ARRAY(
        SELECT d.ctid FROM ${schema}.outcomes d
          WHERE d.keep_until <= p_now ORDER BY d.keep_until LIMIT p_limit FOR UPDATE SKIP LOCKED
      ))
      RETURNING o.run_id, o.generation
  )
  SELECT array_agg(DISTINCT gone.run_id), array_agg(gone.run_id || '.' || gone.generation) INTO runs, ids FROM gone;
  IF ids IS NULL THEN RETURN; END IF;
  PERFORM ${schema}.empty_mailboxes(runs);
  RETURN QUERY SELECT unnest(ids);
END $$;

CREATE OR REPLACE FUNCTION ${schema}.forget_settled(p_ids text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  runs text[];
BEGIN
  WITH ids AS (
    SELECT split_part(id, '.', 1) AS run_id, split_part(id, '.', 2)::integer AS generation FROM jsonb_array_elements_text(p_ids::jsonb) id
  ), gone AS (
    DELETE FROM ${schema}.outcomes o USING ids WHERE o.run_id = ids.run_id AND o.generation = ids.generation RETURNING o.run_id
  )
  SELECT array_agg(DISTINCT gone.run_id) INTO runs FROM gone;
  IF runs IS NOT NULL THEN PERFORM ${schema}.empty_mailboxes(runs); END IF;
END $$;

CREATE OR REPLACE FUNCTION ${schema}.erase_runs(p_runs text) RETURNS void LANGUAGE plpgsql AS $$
DECLARE
  runs text[];
BEGIN
  SELECT array_agg(r) INTO runs FROM jsonb_array_elements_text(p_runs::jsonb) r;
  -- In one order, so that two of them do not wait for each other.
  PERFORM 1 FROM ${schema}.waiting w WHERE w.run_id = ANY (runs) ORDER BY w.run_id FOR UPDATE;
  DELETE FROM ${schema}.waiting w WHERE w.run_id = ANY (runs);
  DELETE FROM ${schema}.outcomes o WHERE o.run_id = ANY (runs);
  DELETE FROM ${schema}.messages m WHERE m.run_id = ANY (runs);
  DELETE FROM ${schema}.consumed c WHERE c.run_id = ANY (runs);
END $$;
`,
];
