-- Makes it possible to tell which of two installations was named last for a repository, whatever the order of arrival; and to
-- write and COMMIT in one go where nothing moved.

-- When installation_id was said, by the source's own time; with installation_id NULL: when it was removed.
ALTER TABLE repositories ADD COLUMN installation_at timestamptz;

-- Ends a transaction whose decision stands on a version that a repository's row no longer has.
CREATE FUNCTION ingot_version_moved(github_id bigint) RETURNS bigint LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION USING ERRCODE = 'IN001', MESSAGE = format('the row of repository %s moved', github_id);
END
$$;

-- Ids, names and hashes are compared by their bytes: no language's rules, and several times as fast.
ALTER TABLE delivery_ids ALTER source TYPE text COLLATE "C", ALTER delivery_id TYPE text COLLATE "C";
ALTER TABLE repositories ALTER full_name TYPE text COLLATE "C";
ALTER TABLE commits ALTER sha TYPE text COLLATE "C";
ALTER TABLE jobs ALTER dedupe_key TYPE text COLLATE "C";
