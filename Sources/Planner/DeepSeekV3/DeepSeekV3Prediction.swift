// Insights into DeepSeek-V3: Scaling Challenges and Reflections on Hardware for AI Architectures (ISCA 2025),
// https://arxiv.org/abs/2505.09343: its tables of memory, arithmetic, network and speed, from configurations and counts alone.
import Costs

/// The paper's figures, each from the planner's general parts.
public enum DeepSeekV3Prediction {
  /// The tables that there are.
  public enum Table: String, Sendable, Hashable, Codable, CaseIterable {
    /// Bytes of keys and values for a token, table 1.
    case kv
    /// Operations of a token in training, table 2.
    case flops
    /// The limits of decoding, section 2.3.2.
    case tpot
    /// Networks, table 3.
    case topology
    /// The training run, table 4.
    case mfu
  }

  /// All tables.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions() throws(PlannerError) -> [Prediction] {
    var all: [Prediction] = []
    for table in Table.allCases { all += try predictions(table) }
    return all
  }

  /// One table.
  ///
  /// - Throws: ``PlannerError``.
  public static func predictions(_ table: Table) throws(PlannerError) -> [Prediction] {
    switch table {
    case .kv: try state()
    case .flops: try arithmetic()
    case .tpot: try decode()
    case .topology: try networks()
    case .mfu: try training()
    }
  }

  private static func published(_ name: String, _ value: Double, _ place: String) -> Published {
    Published(
      name, Figure(value, source: "arXiv 2505.09343, \(place)", date: "2025-05"), verified: true)
  }

  private static func shape(_ name: String) throws(PlannerError) -> TransformerShape {
    try ModelCatalogue.published.entry(name).shape
  }

  /// In 16 bits. The plain model keeps a key and a value of every head.
  private static func state() throws(PlannerError) -> [Prediction] {
    var rows: [Prediction] = []
    for (name, kilobytes) in [("DeepSeek-V3", 70.272), ("Qwen2.5-72B", 327.680), ("Llama-3.1-405B", 516.096)] {
      let shape = try shape(name)
      let expanded = shape.layers * shape.heads * (shape.queryDim + shape.valueDim)
      rows.append(
        Prediction(
          of: published("\(name), keys and values of a token, kB", kilobytes, "table 1"),
          predicted: 2 * Double(shape.stateNumbersPerToken) / 1000, plainRoofline: 2 * Double(expanded) / 1000,
          limit: 1e-12, heldOut: true))
    }
    return rows
  }

  /// At 4096 tokens, attention counted below the diagonal. The plain model is six operations for each active weight.
  private static func arithmetic() throws(PlannerError) -> [Prediction] {
    var rows: [Prediction] = []
    for (name, operations) in [("DeepSeek-V2", 155.0), ("DeepSeek-V3", 250), ("Llama-3.1-405B", 2448)] {
      let shape = try shape(name)
      rows.append(
        Prediction(
          of: published("\(name), training operations of a token, 10⁹", operations, "table 2"),
          predicted: try shape.trainingOperationsPerToken(sequence: 4096, causal: true) / 1e9,
          plainRoofline: 6 * Double(shape.activeParameters) / 1e9, limit: 0.05, heldOut: true))
    }
    return rows
  }

  /// The width is 7000 in the paper's arithmetic, though the model's is 7168. The plain model lets all transfers of a token overlap.
  private static func decode() throws(PlannerError) -> [Prediction] {
    var rows: [Prediction] = []
    let shape = try shape("DeepSeek-V3")
    guard let experts = shape.experts else { return [] }
    for (name, bandwidth, step, time, speed) in [
      ("400G InfiniBand", 50e9, 120.96, 14.76, 67.0), ("NVL72", 900e9, 6.72, 0.82, 1200),
    ] {
      let decode = try ExpertDecode(
        tokens: 32, experts: experts.active + experts.shared, width: 7000, layers: shape.layers,
        link: Link(latency: 0, bandwidth: bandwidth))
      let plain = Double(shape.layers) * decode.transferSeconds
      rows += [
        Prediction(
          of: published("\(name), both transfers of a layer, µs", step, "section 2.3.2"),
          predicted: decode.transferSeconds * 1e6, plainRoofline: decode.transferSeconds / 9 * 1e6, limit: 0.01,
          heldOut: true),
        Prediction(
          of: published("\(name), time for each token, ms", time, "section 2.3.2"),
          predicted: decode.secondsPerToken * 1e3, plainRoofline: plain * 1e3, limit: 0.01, heldOut: true),
        // "67" is cut off and "approximately 1200" is rounded up.
        Prediction(
          of: published("\(name), tokens a second", speed, "section 2.3.2"), predicted: decode.tokensPerSecond,
          plainRoofline: 1 / plain, limit: 0.025, heldOut: true),
      ]
    }
    return rows
  }

  /// The paper's networks with what they cost in it, in millions of dollars.
  static let topologies: [(name: String, topology: NetworkTopology, counts: NetworkCounts, cost: Double)] = [
    ("FT2", .fatTree2(ports: 64), NetworkCounts(endpoints: 2048, switches: 96, links: 2048), 9),
    ("MPFT", .multiPlane(ports: 64, planes: 8), NetworkCounts(endpoints: 16384, switches: 768, links: 16384), 72),
    ("FT3", .fatTree3(ports: 64), NetworkCounts(endpoints: 65536, switches: 5120, links: 131_072), 491),
    ("SF", .slimFly(q: 28), NetworkCounts(endpoints: 32928, switches: 1568, links: 32928), 146),
    (
      "DF", .dragonfly(endpoints: 16, switches: 32, globalLinks: 16, groups: 511),
      NetworkCounts(endpoints: 261_632, switches: 16352, links: 384_272), 1522
    ),
  ]

  /// A 64-port 400G switch; recalled. The paper has no prices, and its costs hardly depend on this one: from nothing to 60,000 the
  /// rows that are held out stay within 2 %, since links cost the rest.
  static let switchPrice = 35_000.0

  /// Prices that give the costs of two rows, the eight-plane and the three-layer fat tree, at a recalled price of a switch.
  ///
  /// - Throws: ``PlannerError/invalid(field:problem:)`` where there are none above zero.
  public static func prices() throws(PlannerError) -> NetworkPrices {
    let (a, b) = (topologies[1], topologies[2])
    // cost − switches = links·x + endpoints·y, twice.
    func rest(_ row: (name: String, topology: NetworkTopology, counts: NetworkCounts, cost: Double)) -> Double {
      row.cost * 1e6 - switchPrice * Double(row.counts.switches)
    }
    let (l, e) = (Double(a.counts.links), Double(a.counts.endpoints))
    let (m, f) = (Double(b.counts.links), Double(b.counts.endpoints))
    let determinant = l * f - m * e
    return try NetworkPrices(
      networkSwitch: switchPrice, link: (rest(a) * f - rest(b) * e) / determinant,
      endpoint: (l * rest(b) - m * rest(a)) / determinant)
  }

  /// Counts by the formulas, costs by ``prices()``. The plain model has a switch for every 64 endpoints and no links between them,
  /// and for the cost what the smallest network costs for each endpoint.
  private static func networks() throws(PlannerError) -> [Prediction] {
    let prices = try prices()
    var rows: [Prediction] = []
    for (name, topology, counts, cost) in topologies {
      let found = try topology.counts()
      let endpoints = Double(found.endpoints)
      for (what, ours, theirs, plain) in [
        ("endpoints", found.endpoints, counts.endpoints, endpoints),
        ("switches", found.switches, counts.switches, endpoints / 64),
        ("links between switches", found.links, counts.links, 0),
      ] {
        rows.append(
          Prediction(
            of: published("\(name), \(what)", Double(theirs), "table 3"), predicted: Double(ours),
            plainRoofline: plain, limit: 1e-12, heldOut: true))
      }
      rows.append(
        Prediction(
          of: published("\(name), cost, 10⁶ dollars", cost, "table 3"), predicted: found.cost(prices) / 1e6,
          plainRoofline: endpoints * 9 / 2048, limit: 0.03, heldOut: name != "MPFT" && name != "FT3"))
    }
    return rows
  }

  /// 15360 sequences of 4096 tokens in 19.926 s on 2048 H800. The plain model counts six operations for each active weight.
  private static func training() throws(PlannerError) -> [Prediction] {
    let shape = try shape("DeepSeek-V3")
    let device: Device
    do { device = try DeviceCatalogue.published.device("H800") } catch { throw .device(error) }
    var rows: [Prediction] = []
    for (name, causal, rate, part) in [("causal", true, 385.0, 38.94), ("not causal", false, 432, 43.73)] {
      let run = try TrainingThroughput(
        shape, sequences: 15360, length: 4096, seconds: 19.926, devices: 2048, causal: causal)
      let utilization = try run.utilization(of: device)
      let plain = 6 * Double(shape.activeParameters) / run.operationsPerToken
      if causal {
        rows.append(
          Prediction(
            of: published("tokens a day, 10⁹", 272.80, "table 4"), predicted: run.tokensPerDay / 1e9,
            plainRoofline: utilization == 0 ? 0 : run.tokensPerDay / utilization / 1e9, limit: 0.005, heldOut: true))
      }
      rows += [
        Prediction(
          of: published("10¹² operations a second, \(name)", rate, "table 4"),
          predicted: run.operationsPerSecond / 1e12, plainRoofline: run.operationsPerSecond * plain / 1e12, limit: 0.01,
          heldOut: true),
        Prediction(
          of: published("part of peak, \(name), %", part, "table 4"), predicted: 100 * utilization,
          plainRoofline: 100 * utilization * plain, limit: 0.5 / part, heldOut: true),
      ]
    }
    return rows
  }
}
