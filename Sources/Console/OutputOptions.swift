import ArgumentParser

/// What every verb prints.
package struct OutputOptions: ParsableArguments {
  @Flag(help: "Print one JSON object on standard output, also for errors.")
  package var json = false

  package init() {}
}
