library(shiny)
shinyApp(
  fluidPage(titlePanel("A page of Shiny"), numericInput("number", "number", 0), textOutput("next")),
  function(input, output, session) {
    if (Sys.getenv("ALLOW_RECONNECT") != "") session$allowReconnect(Sys.getenv("ALLOW_RECONNECT"))
    output[["next"]] <- renderText(input$number + 1)
  }
)
