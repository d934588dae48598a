"""How many rows a question finds, counted where that is cheap, else as the planner reckons: one round trip either way."""

from django.db import migrations

# cost      what counting may cost, in the planner's units; some 100 of them take a millisecond
# most      counted up to here
# estimate  whether more than that by estimate need no counting at all
MAKE = """
CREATE FUNCTION kernel_count(question text, most bigint, cost double precision, estimate boolean,
                             OUT number bigint, OUT is_exact boolean) LANGUAGE plpgsql AS $$
DECLARE
  plan jsonb;
  expected double precision;
  price double precision;
BEGIN
  EXECUTE 'EXPLAIN (FORMAT JSON) ' || question INTO plan;
  plan := plan -> 0 -> 'Plan';
  expected := (plan ->> 'Plan Rows')::double precision;
  price := (plan ->> 'Startup Cost')::double precision
    + ((plan ->> 'Total Cost')::double precision - (plan ->> 'Startup Cost')::double precision)
      * least(1, most / greatest(expected, 1));
  is_exact := price <= cost AND NOT (estimate AND expected >= most);
  IF is_exact THEN
    EXECUTE format('SELECT count(*) FROM (%s LIMIT %s) AS found', question, most) INTO number;
  ELSE
    number := expected;
  END IF;
END $$
"""


class Migration(migrations.Migration):
    dependencies = [("kernel", "0012_readable_moments_unique_roles")]

    operations = [
        migrations.RunSQL(
            MAKE, "DROP FUNCTION kernel_count(text, bigint, double precision, boolean)"
        ),
    ]
