from django.db import migrations, models


class Migration(migrations.Migration):
    dependencies = [("datasets", "0002_boxes")]
    operations = [migrations.AddField("dataset", "sha256", models.CharField(blank=True, max_length=64))]
