c.NotebookApp.base_url = "/jupyter/"
c.NotebookApp.allow_remote_access = True
c.NotebookApp.port = 8888
