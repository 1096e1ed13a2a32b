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
