import Profiling
import Venturi

/// What `doctor` says.
struct DoctorReport {
  var ceilings: [JSON]
  var settings: [Settings.Entry]?

  private var peers: [JSON.Member] {
    let catalogue = PeerCatalogue.installed
    let tasks: [PeerCatalogue.Task] = [
      .model(path: "", capacity: 0, vocabulary: 0), .gemm(threads: 1), .attention,
    ]
    var members: [JSON.Member] = []
    for task in tasks {
      for name in task.peers where !members.contains(where: { $0.key == name }) {
        members.append(JSON.Member(name, .bool(catalogue.isInstalled(name, for: task))))
      }
    }
    return members
  }

  var json: JSON {
    var members: [JSON.Member] = [
      JSON.Member("version", .string(Version.number)), JSON.Member("compiler", .string(Version.compiler)),
      JSON.Member("processor", .string(MachineReport.processor)), JSON.Member("features", .string(Version.features)),
      JSON.Member("kernels", .string(KernelSet.preferred.rawValue)),
      JSON.Member(
        "kernelSets", .array(KernelSet.allCases.filter(\.isSupported).map { .string($0.rawValue) })),
      JSON.Member("processors", .integer(KernelThreads.all)),
      JSON.Member(
        "memory",
        [
          "totalBytes": MachineReport.memory("MemTotal").map { .integer($0) } ?? .null,
          "availableBytes": MachineReport.memory("MemAvailable").map { .integer($0) } ?? .null,
        ]),
      JSON.Member("home", .string(ModelAccess.home)),
      JSON.Member("models", .array(ModelAccess.models().map { .string($0.name) })),
      JSON.Member("peersHome", .string(PeerCatalogue.installed.home)),
      JSON.Member("peers", .object(peers)),
      JSON.Member(
        "siblings",
        .object(
          Siblings.known.keys.sorted().map { name in
            let found = Siblings.locate(
              name, beside: Files.programPath, path: environmentValue("PATH") ?? "")
            return JSON.Member(name, found.map { .string($0) } ?? .null)
          })),
    ]
    if !ceilings.isEmpty { members.append(JSON.Member("ceilings", .array(ceilings))) }
    if let settings {
      members.append(
        JSON.Member(
          "profiles", .object(ModelAccess.profiles().map { JSON.Member($0.model, .string($0.path)) })))
      members.append(
        JSON.Member(
          "settings",
          .object(
            Self.rows(settings).map { row in
              JSON.Member(
                row.name, ["value": row.value.map { .string($0) } ?? .null, "origin": .string(row.origin)])
            })))
    }
    return .object(members)
  }

  var text: String {
    let report = json
    func line(_ title: String, _ value: String) -> [String] { [title, value] }
    let models = ModelAccess.models()
    let installed = peers.map { peer in "\(peer.key) \(peer.value == .bool(true) ? "✓" : "absent")" }
    var blocks = [
      Human.table([
        line("venturi", "\(Version.number), \(Version.compiler)"),
        line("processor", "\(MachineReport.processor), \(KernelThreads.all) in use"),
        line("features", Version.features),
        line("kernels", KernelSet.preferred.rawValue),
        line(
          "memory",
          "\(Human.bytes(report["memory"]?["availableBytes"]?.int ?? 0)) free of "
            + Human.bytes(report["memory"]?["totalBytes"]?.int ?? 0)),
        line("home", ModelAccess.home),
        line(
          "models",
          models.isEmpty ? "none; `venturi pull smollm2` fetches one" : models.map(\.name).joined(separator: ", ")),
        line("peers", installed.joined(separator: ", ")),
      ])
    ]
    if !ceilings.isEmpty { blocks.append(Self.table(ceilings)) }
    if let settings {
      let rows = Self.rows(settings).map { ["--\($0.name)", $0.value ?? "–", $0.origin] }
      blocks.append(Human.table([["setting", "value", "comes from"]] + rows))
      let profiles = ModelAccess.profiles().map { [$0.model, $0.path] }
      if !profiles.isEmpty {
        blocks.append(Human.table([["model", "profile, which counts over defaults"]] + profiles))
      }
    }
    return blocks.joined(separator: "\n\n")
  }

  /// Every setting with the value that counts, if it has one, and where that comes from.
  private static func rows(_ settings: [Settings.Entry]) -> [(name: String, value: String?, origin: String)] {
    let defaults = Settings.defaults()
    return Setting.all.map { setting in
      guard let entry = settings.first(where: { $0.setting.name == setting.name }) else {
        return (setting.name, defaults[setting.name], "default")
      }
      return (setting.name, entry.value, entry.origin.description)
    }
  }

  private static func table(_ ceilings: [JSON]) -> String {
    func range(_ value: JSON?) -> String {
      guard let value, let median = value["median"]?.double, let low = value["min"]?.double,
        let high = value["max"]?.double
      else { return "–" }
      return "\(Human.fixed(median, 1)) (\(Human.fixed(low, 1))–\(Human.fixed(high, 1)))"
    }
    let rows = ceilings.map { row in
      [
        "\(row["threads"]?.int ?? 0)", range(row["f32GFLOPs"]), range(row["int8GOPs"]), range(row["int4GOPs"]),
        range(row["int16GOPs"]), range(row["readGBs"]),
        range(row["bestReadGBs"])
          + ", \(row["bestReadGBs"]?["streams"]?.int ?? 0) streams, prefetch \(row["bestReadGBs"]?["prefetch"]?.int ?? 0)",
      ]
    }
    let head = ["threads", "f32 GFLOP/s", "8-bit GOP/s", "4-bit GOP/s", "16-bit GOP/s", "read GB/s", "best read GB/s"]
    return Human.table([head] + rows)
  }
}
