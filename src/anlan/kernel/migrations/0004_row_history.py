"""Row history: one trigger function for every table; the triggers themselves are put up after each migration."""

from django.db import migrations, models

# TG_ARGV: the key's column, then columns that are never recorded. A row whose key was changed has no new row of the
# same key: it is recorded like one that was deleted. Set-wise: an update of 10,000 rows is one INSERT … SELECT.
# No nested loop: the plan is kept from the first small updates, and would pair each old row with every new one.
ROW_HISTORY = """
CREATE FUNCTION kernel_row_history() RETURNS trigger LANGUAGE plpgsql SET enable_nestloop = off AS $$
DECLARE
  key_column CONSTANT text := TG_ARGV[0];
  hidden CONSTANT text[] := TG_ARGV[1:];
BEGIN
  IF TG_OP = 'UPDATE' THEN
    INSERT INTO kernel_rowchange (act, "table", "row", before, after)
    SELECT kernel_act(), TG_TABLE_NAME, was.content ->> key_column, differing.before, differing.after
    FROM (SELECT to_jsonb(old_row) - hidden AS content FROM old_rows AS old_row) AS was
    LEFT JOIN (SELECT to_jsonb(new_row) - hidden AS content FROM new_rows AS new_row) AS is_now
      ON is_now.content ->> key_column = was.content ->> key_column
    CROSS JOIN LATERAL (
      SELECT jsonb_object_agg(cell.key, cell.value) AS before,
             CASE WHEN is_now.content IS NOT NULL
               THEN jsonb_object_agg(cell.key, is_now.content -> cell.key) END AS after
      FROM jsonb_each(was.content) AS cell
      WHERE is_now.content -> cell.key IS DISTINCT FROM cell.value
    ) AS differing
    WHERE differing.before - 'version' <> '{}';
  ELSE
    INSERT INTO kernel_rowchange (act, "table", "row", before, after)
    SELECT kernel_act(), TG_TABLE_NAME, was.content ->> key_column, was.content, NULL
    FROM (SELECT to_jsonb(old_row) - hidden AS content FROM old_rows AS old_row) AS was;
  END IF;
  RETURN NULL;
END $$
"""
# The triggers go with the function; the next migration forward puts them up again.
NO_ROW_HISTORY = "DROP FUNCTION kernel_row_history() CASCADE"


class Migration(migrations.Migration):
    dependencies = [
        ("kernel", "0003_seals_obligations_files"),
    ]

    operations = [
        migrations.RunSQL(ROW_HISTORY, NO_ROW_HISTORY),
        migrations.AddIndex(
            model_name="entry",
            index=models.Index(
                fields=["cause_id", "id"],
                name="entry_of_cause",
                condition=models.Q(cause_id__isnull=False),
            ),
        ),
    ]
