/// What a pipeline does in a second.
public struct PipelineReport: Sendable, Hashable {
  /// What a node does.
  public struct Node: Sendable, Hashable {
    /// Its name.
    public var name: String
    /// Messages in for each that reaches the root, over this node and those after it.
    public var globalReduction: Double
    /// Bytes of a message that comes in, its own bytes included.
    public var inputBytes: Double
    /// Bytes of a message that goes out.
    public var outputBytes: Double
    /// Operations of a message.
    public var operations: Double
    /// Messages a second that come in.
    public var inputRate: Double
    /// Messages a second that go out.
    public var outputRate: Double
    /// What becomes of them.
    public var contingency: PipelineContingency
    /// Joules of a message.
    public var joules: Double
    /// Watts.
    public var watts: Double
    /// Seconds from the source to here.
    public var seconds: Double
    /// Joules that a message has taken here and before.
    public var upstreamJoules: Double
  }

  /// What a link carries.
  public struct Link: Sendable, Hashable {
    /// The node that sends.
    public var from: String
    /// The node that receives.
    public var to: String
    /// Bytes a second.
    public var bytesPerSecond: Double
    /// Watts.
    public var watts: Double
  }

  /// The nodes, in the graph's order.
  public var nodes: [Node]
  /// The links, in the graph's order.
  public var links: [Link]
  /// The pipeline's table: what each classifier but the last rejects, and all of the last one's.
  public var contingency: PipelineContingency
  /// Watts of the links, before scaling.
  public var linkWatts: Double
  /// Watts of the nodes, before scaling.
  public var computeWatts: Double
  /// By how much later technology divides both.
  public var technologyScale: Double

  /// Watts in all.
  public var watts: Double { (linkWatts + computeWatts) / technologyScale }
  /// Messages a second that are stored.
  public var storedRate: Double { contingency.passed }
  /// F1 · stored messages for each joule. Not the true positives for each joule, whatever its name, relevant samples, says.
  public var productivity: Double { watts > 0 ? contingency.f1 * storedRate / watts : 0 }
  /// Joules that a rejected negative took, the mean over where it was rejected.
  public var negativeJoules: Double {
    let rejected = nodes.reduce(0) { $0 + $1.contingency.trueNegative }
    let joules = nodes.reduce(0) { $0 + $1.contingency.trueNegative * $1.upstreamJoules }
    return rejected > 0 ? joules / rejected : 0
  }
}
