import ArgumentParser
import Console
import Costs
import Formats

/// The device catalogue, with the source of every figure.
package struct PlanDevices: ParsableCommand {
  package static let configuration = CommandConfiguration(
    commandName: "devices", abstract: "Lists devices and their limits; for one device every figure's source.",
    discussion: """
      Rates are dense, in 10¹² operations a second; a link is one direction. A figure with a question mark is recalled: \
      nobody read it in the source that it names.
      """)

  @Argument(help: "One device, by its name or another that it goes by.")
  package var name: String?

  @Flag(help: "Measure this machine too; it is then called host. Takes some seconds.")
  package var measure = false

  @OptionGroup(title: "Output") package var output: OutputOptions

  package init() {}

  package func run() throws {
    var catalogue = DeviceCatalogue.published
    if measure { catalogue.add(try HostDevice.measured()) }
    var entries = catalogue.entries
    if let name {
      do { entries = [try catalogue.entry(name)] } catch {
        throw CommandFailure(status: .usage, kind: "usage", message: "\(error); `venturi plan devices` lists them")
      }
    }
    if output.json {
      Output.answer(JSON.object([JSON.Member("devices", .array(entries.map(Self.json)))]).line)
    } else {
      Output.answer(name == nil ? Self.table(entries) : entries.map(Self.sources).joined(separator: "\n\n"))
    }
  }

  private static func json(_ entry: CataloguedDevice) -> JSON {
    [
      "name": .string(entry.device.name), "aliases": .array(entry.aliases.map { .string($0) }),
      "figures": .array(
        entry.figures.map { row in
          [
            "name": .string(row.name), "value": .number(row.figure.value), "unit": .string(unit(of: row.name)),
            "source": .string(row.figure.source), "date": .string(row.figure.date), "verified": .bool(row.verified),
          ]
        }),
    ]
  }

  private static func unit(of figure: String) -> String {
    switch figure {
    case "memory": "B"
    case "bandwidth", "link": "B/s"
    case "power": "W"
    case "price": "$/h"
    default: "op/s"
    }
  }

  /// Columns: the figure, how it is shown, and by how much it is divided.
  private static let columns = [
    ("compute.f32", "f32", 1e12), ("compute.bf16", "bf16", 1e12), ("compute.f16", "f16", 1e12),
    ("compute.fp8", "fp8", 1e12), ("compute.int8", "int8", 1e12), ("memory", "GB", 1e9), ("bandwidth", "GB/s", 1e9),
    ("link", "link GB/s", 1e9), ("power", "W", 1), ("price", "$/h", 1),
  ]

  private static func table(_ entries: [CataloguedDevice]) -> String {
    let rows = entries.map { entry in
      let figures = entry.figures
      return [entry.device.name]
        + columns.map { name, _, scale in
          guard let row = figures.first(where: { $0.name == name }) else { return "–" }
          return number(row.figure.value / scale) + (row.verified ? "" : "?")
        }
    }
    return Human.table([["device"] + columns.map(\.1)] + rows, numeric: Set(1...columns.count))
  }

  private static func sources(_ entry: CataloguedDevice) -> String {
    let names = ([entry.device.name] + entry.aliases).joined(separator: ", ")
    let rows = entry.figures.map { row in
      let unit = unit(of: row.name)
      let scale =
        switch unit {
        case "op/s": ("Tera ", 1e12)
        case "B", "B/s": ("G", 1e9)
        default: ("", 1.0)
        }
      return [
        row.name, number(row.figure.value / scale.1) + (row.verified ? "" : "?"), scale.0 + unit, row.figure.date,
        row.figure.source,
      ]
    }
    return names + "\n\n" + Human.table(rows, numeric: [1])
  }

  private static func number(_ value: Double) -> String {
    Human.fixed(value, value == value.rounded() ? 0 : value < 100 ? 2 : 1)
  }
}
