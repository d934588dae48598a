PREFIX = "message/callouts/"
urlpatterns = []
