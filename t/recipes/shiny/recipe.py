import browser
from application import Application


class App(Application):
    title = "Shiny"
    packages = ("r-cran-shiny", "r-cran-httpuv")
    client = "shiny"
    reconnects = False
    port = 3838
    sub_path = "/shiny/"
    page_says = "A page of Shiny"
    browser_page = ""

    def probe_path(self):
        return self.root() + "websocket/"

    reconnect = ""

    def further(self, trial):
        """The page that its application allows to come back does."""
        if self.place == "vhost":
            return
        self.stop()
        self.reconnect = "force"
        self.start()
        told = browser.look(trial, self)
        assert told["page back"] is not None, told
        self.reconnect = ""
        self.stop()
        self.start()

    def launch(self):
        self.run("Rscript", "-e", f'shiny::runApp("{self.recipe}/app", host = "127.0.0.1", port = 3838)',
                 environment={"ALLOW_RECONNECT": self.reconnect})
