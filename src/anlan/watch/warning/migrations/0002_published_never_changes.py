"""What was published never changes: neither a message, nor its area, nor a leader's signature under it."""

from django.db import migrations

FORWARD = """
CREATE FUNCTION warning_frozen_issue() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  IF OLD.state = 'published' THEN
    RAISE EXCEPTION 'a published message never changes: %', OLD.id USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION warning_frozen_area() RETURNS trigger LANGUAGE plpgsql AS $$
DECLARE
  told uuid := CASE TG_OP WHEN 'INSERT' THEN NEW.issue_id ELSE OLD.issue_id END;
BEGIN
  IF EXISTS (SELECT FROM warning_warningissue WHERE id = told AND state = 'published') THEN
    RAISE EXCEPTION 'the area of a published message never changes: %', told USING ERRCODE = 'restrict_violation';
  END IF;
  RETURN CASE TG_OP WHEN 'DELETE' THEN OLD ELSE NEW END;
END $$;

CREATE FUNCTION warning_frozen() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
  RAISE EXCEPTION '% never changes: %', TG_TABLE_NAME, OLD.id USING ERRCODE = 'restrict_violation';
END $$;

CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON warning_warningissue
  FOR EACH ROW EXECUTE FUNCTION warning_frozen_issue();
CREATE TRIGGER frozen BEFORE INSERT OR UPDATE OR DELETE ON warning_warningarea
  FOR EACH ROW EXECUTE FUNCTION warning_frozen_area();
CREATE TRIGGER frozen BEFORE UPDATE OR DELETE ON warning_countersignature
  FOR EACH ROW EXECUTE FUNCTION warning_frozen();
"""
BACKWARD = """
DROP TRIGGER frozen ON warning_countersignature;
DROP TRIGGER frozen ON warning_warningarea;
DROP TRIGGER frozen ON warning_warningissue;
DROP FUNCTION warning_frozen();
DROP FUNCTION warning_frozen_area();
DROP FUNCTION warning_frozen_issue();
"""


class Migration(migrations.Migration):
    dependencies = [("warning", "0001_warning")]

    operations = [migrations.RunSQL(FORWARD, BACKWARD)]
