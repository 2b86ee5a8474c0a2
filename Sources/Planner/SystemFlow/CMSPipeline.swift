#if canImport(Glibc)
  import Glibc
#elseif canImport(Musl)
  import Musl
#endif

/// The CMS experiment's data collection in its fifth run, at 200 collisions for each crossing, as the published code has it.
public enum CMSPipeline {
  /// A choice of what is improved.
  public struct Variant: Sendable, Hashable {
    /// Whether the high-level trigger runs on GPUs.
    public var hasGPUs: Bool
    /// Whether the inner tracker's sensors leave out 54 % of their bytes.
    public var hasSmartPixels: Bool
    /// Messages in for each out of the Level-1 trigger.
    public var reduction: Double

    /// A variant, by default the baseline.
    public init(hasGPUs: Bool = false, hasSmartPixels: Bool = false, reduction: Double = 53.3) {
      self.hasGPUs = hasGPUs
      self.hasSmartPixels = hasSmartPixels
      self.reduction = reduction
    }
  }

  /// Detectors: where they send, their names, and millions of bytes of an event.
  static let detectors: [(group: String, name: String, megabytes: Double)] = [
    ("Tracking", "Inner Tracker", 1.44), ("Tracking", "Outer Tracker PS", 0.72), ("Tracking", "Outer Tracker 2S", 0.43),
    ("Tracking", "Track Finder TPG", 0.01), ("Timing", "MIP Timing BTL", 0.24), ("Timing", "MIP Timing ETL", 0.44),
    ("Calorimetry", "ECAL Barrel", 0.60), ("Calorimetry", "HCAL Barrel", 0.24), ("Calorimetry", "HCAL HO", 0.03),
    ("Calorimetry", "HCAL HF", 0.06), ("Calorimetry", "HGCAL", 3.0), ("Calorimetry", "HGCAL TPG Stage1", 0.15),
    ("Calorimetry", "HGCAL TPG Stage2", 0.05), ("Muon", "Muon DT", 0.15), ("Muon", "Muon CSC", 0.47),
    ("Muon", "Muon GEM GE1", 0.003), ("Muon", "Muon GEM GE2", 0.002), ("Muon", "Muon GEM ME0", 0.12),
    ("Muon", "Muon RPC", 0.01),
  ]

  static let rate = 40e6
  static let joulesPerBit = 22.2e-12
  /// Bytes of an event at the high-level trigger.
  static let eventBytes = 8.425e6
  /// Joules of such an event there, on processors (printed by the notebook).
  static let eventJoules = 446.05484938484136
  /// The same on GPUs: (167,923,874.64 W − 505,499.99 W) / 750,684 Hz of the notebook's GPU run.
  static let gpuEventJoules = (167_923_874.64119467 - 505_499.98736250005) / 750_684

  /// The Level-1 trigger's skill: its error matrix rejects 98.126 % of negatives and 51.054 % of positives.
  public static let levelOneSkill = NormalDistribution.place(below: 0.98126) - NormalDistribution.place(below: 0.51054)

  /// The high-level trigger's skill with which the baseline has an F1 of 0.386, its published one.
  public static let highLevelSkill = fittedSkill(f1: 0.385988279)

  /// The graph of a variant. An event's energy at the high-level trigger grows with the cube of its bytes.
  public static func graph(_ variant: Variant = Variant()) -> PipelineGraph {
    graph(variant, skill: highLevelSkill)
  }

  private static func graph(_ variant: Variant, skill: Double) -> PipelineGraph {
    var nodes: [PipelineNode] = []
    var links: [PipelineLink] = []
    func stage(_ name: String, to next: String?, _ node: PipelineNode) {
      nodes.append(node)
      if let next { links.append(PipelineLink(from: name, to: next, joulesPerBit: joulesPerBit)) }
    }
    for detector in detectors {
      let kept = variant.hasSmartPixels && detector.name == "Inner Tracker" ? 1 - 0.54 : 1
      stage(
        detector.name, to: detector.group,
        PipelineNode(
          detector.name, bytes: detector.megabytes * 1e6 * kept, rate: rate, secondsPerOperation: 1e-9,
          routingSeconds: 900e-9))
    }
    for group in ["Tracking", "Timing", "Calorimetry", "Muon"] {
      stage(
        group, to: "Intermediate", PipelineNode(group, secondsPerOperation: 1e-9, routingSeconds: 900e-9))
    }
    stage(
      "Intermediate", to: "Global",
      PipelineNode(
        "Intermediate", bytes: 0.26e6, classifier: .gaussian(skill: levelOneSkill, spread: 1),
        reduction: variant.reduction, complexity: .init(1 / 2e6), joulesPerOperation: 3e-3, secondsPerOperation: 1e-9,
        routingSeconds: 900e-9))
    let joules = variant.hasGPUs ? gpuEventJoules : eventJoules
    stage(
      "Global", to: "Disk",
      PipelineNode(
        "Global", classifier: .gaussian(skill: skill, spread: 1), reduction: 100,
        complexity: .init(0, 0, joules / (eventBytes * eventBytes * eventBytes)), joulesPerOperation: 1,
        secondsPerOperation: 1e-9, routingSeconds: 900e-9))
    stage("Disk", to: nil, PipelineNode("Disk", secondsPerOperation: 1e-9))
    let scale = PipelineGraph.technologyScale(year: 2032)
    do { return try PipelineGraph(nodes, links: links, technologyScale: scale) } catch {
      // The table above is a tree.
      preconditionFailure("\(error)")
    }
  }

  private static func fittedSkill(f1: Double) -> Double {
    Bisection.solve(in: 0...20, for: f1) { skill in
      graph(Variant(), skill: skill).evaluate(truncates: false).contingency.f1
    }
  }
}
