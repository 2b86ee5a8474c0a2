import CVenturi
import Costs
import NumericTypes

/// Which rows of a grouped product meet which matrix; filled anew before each run.
struct ProductGroups {
  /// One group.
  struct Group {
    /// The matrix.
    var matrix: Int32
    /// The number of rows.
    var rows: Int32
    /// The group's first row, or what else its place is counted in; see ``GroupedRows``.
    var first: Int32
    /// The first of the items that compute it.
    var item: Int32
  }

  private let table: Tensor
  /// The most groups.
  let capacity: Int
  /// The groups in force, and behind them one that ends the items.
  let groups: UnsafeMutablePointer<Group>
  /// How many they are.
  let count: UnsafeMutablePointer<Int32>

  /// Room for `capacity` groups, which lives as long as this value.
  init(capacity: Int, _ context: Context) {
    self.capacity = capacity
    table = context.empty([Self.words(capacity)], .i32)
    count = table.pointer(as: Int32.self)
    groups = UnsafeMutableRawPointer(count + 4).bindMemory(to: Group.self, capacity: capacity + 1)
  }

  /// The numbers of 32 bits that a table takes.
  static func words(_ capacity: Int) -> Int { 4 + 4 * (capacity + 1) }
}

/// Rows of f32 that groups read or write: a group's begin `first` · ``groupStride`` values after the base.
struct GroupedRows {
  var base: UnsafeMutablePointer<Float>
  /// From a row to the next, in values.
  var rowStride: Int
  /// From one place of a group to the next, in values.
  var groupStride: Int
}

/// A product of groups of rows, each with its own matrix, in one fork.
private final class GroupedCall {
  private var template: vt_linear_job
  private let groups: ProductGroups
  private let x: GroupedRows
  private let y: GroupedRows
  private let weights: [UnsafeMutablePointer<vt_packed>]
  /// From one place of a group to the next in the tiles of each kind, in bytes.
  private let tileStrides: [Int]
  private let threads: Int32

  init(
    _ template: vt_linear_job, _ groups: ProductGroups, x: GroupedRows, y: GroupedRows,
    weights: [UnsafeMutablePointer<vt_packed>], tileStrides: [Int], threads: Int
  ) {
    self.template = template
    self.groups = groups
    self.x = x
    self.y = y
    self.weights = weights
    self.tileStrides = tileStrides
    self.threads = Int32(threads)
  }

  /// The job of one group.
  private func job(_ group: ProductGroups.Group) -> vt_linear_job {
    var job = template
    let first = Int(group.first)
    job.rows = group.rows
    job.x = UnsafePointer(x.base + first * x.groupStride)
    job.activations.0 = job.activations.0.map { $0 + first * tileStrides[0] }
    job.activations.1 = job.activations.1.map { $0 + first * tileStrides[1] }
    job.activations.2 = job.activations.2.map { $0 + first * tileStrides[2] }
    let target = y.base + first * y.groupStride
    withUnsafeMutableBytes(of: &job.part) { bytes in
      let parts = bytes.bindMemory(to: vt_linear_part.self)
      for index in weights.indices {
        parts[index].weights = UnsafePointer(weights[index] + Int(group.matrix))
        parts[index].y = target
      }
    }
    return job
  }

  /// Deals out the items of the groups in force; their number.
  func prepare() -> Int {
    var items: Int32 = 0
    let count = Int(groups.count.pointee)
    for index in 0..<count {
      groups.groups[index].item = items
      template.rows = groups.groups[index].rows
      items += vt_linear_items(&template, threads)
    }
    groups.groups[count] = ProductGroups.Group(matrix: 0, rows: 0, first: 0, item: items)
    return Int(items)
  }

  func run(_ item: Int, _ worker: Int) {
    // The last group that begins at or before the item.
    var (low, high) = (0, Int(groups.count.pointee))
    while high - low > 1 {
      let middle = (low + high) / 2
      if Int(groups.groups[middle].item) <= item { low = middle } else { high = middle }
    }
    let group = groups.groups[low]
    var job = job(group)
    _ = vt_linear_items(&job, threads)
    withUnsafeMutablePointer(to: &job) { vt_linear_run($0, Int32(item) - group.item, Int32(worker)) }
  }
}

extension Context {
  private static let forms = [VT_ACTIVATION_I8, VT_ACTIVATION_I8X2, VT_ACTIVATION_I16]

  /// y = x Wᵀ of every group, with the gate of ``LinearEpilogue`` where the first of two parts says so.
  ///
  /// - Parameters:
  ///   - groups: filled by what ran before.
  ///   - tiles: the rows of quantised input in all, and from one place of a group to the next.
  ///   - isShared: whether all groups read the same rows.
  func groupedLinear(
    _ groups: ProductGroups, _ x: GroupedRows, tiles: (rows: Int, groupStride: Int), isShared: Bool = false,
    _ parts: [(matrices: PackedMatrices, epilogue: LinearEpilogue, function: GateFunction?)], to y: GroupedRows,
    precision: LinearPrecision
  ) {
    let k = parts[0].matrices.inFeatures
    var template = vt_linear_job()
    template.linear = linearKernels
    template.gemm = gemmKernels
    template.rows = 1
    template.parts = Int32(parts.count)
    template.exact = precision == .exact ? 1 : 0
    template.refined = precision == .refined ? 1 : 0
    template.ldx = Int64(x.rowStride)
    withUnsafeMutableBytes(of: &template.part) { bytes in
      let slots = bytes.bindMemory(to: vt_linear_part.self)
      for (index, part) in parts.enumerated() {
        precondition(part.matrices.inFeatures == k, "matrices of \(k) and \(part.matrices.inFeatures) inputs")
        slots[index] = vt_linear_part(
          weights: UnsafePointer(part.matrices.packed), y: y.base, ldy: Int64(y.rowStride),
          epilogue: part.epilogue.cValue, function: part.function.cValue, bias: nil)
      }
    }
    var made: [Tensor] = []
    var strides = [0, 0, 0]
    for (index, kind) in Self.forms.enumerated() where vt_linear_reads(&template, kind) != 0 {
      let bytes = vt_activation_bytes(kind, Int32(k))
      strides[index] = tiles.groupStride * bytes
      let form = quantize(
        groups, x, kind, k: k, tiles: tiles, isShared: isShared)
      made.append(form)
      let pointer = UnsafeRawPointer(form.pointer)
      switch index {
      case 0: template.activations.0 = pointer
      case 1: template.activations.1 = pointer
      default: template.activations.2 = pointer
      }
    }
    template.scratch_bytes = vt_linear_scratch_bytes(&template)
    let scratch = empty([template.scratch_bytes * workers.count], .i8)
    template.scratch = scratch.pointer.assumingMemoryBound(to: CChar.self)
    let call = GroupedCall(
      template, groups, x: x, y: y, weights: parts.map(\.matrices.packed), tileStrides: strides,
      threads: workers.count)
    let job = WorkerJob { [call] item, worker in call.run(item, worker) }
    let workers = workers
    let weights = parts.reduce(0) { $0 + $1.matrices.matrixBytes }
    let (outputs, products) = (parts[0].matrices.outFeatures, parts.reduce(0) { $0 + $1.matrices.outFeatures } * k)
    // The operator holds addresses only: scratch and quantised rows must outlive its first run.
    withExtendedLifetime((scratch, made, groups)) {
      perform(
        .linear, arithmetic: Self.linearArithmetic(parts.map(\.matrices.first), precision),
        cost: {
          // What ran last tells how many rows met how many matrices.
          let count = Int(groups.count.pointee)
          let rows = Double((0..<count).reduce(0) { $0 + Int(groups.groups[$1].rows) })
          let read = Double(weights * count)
          return OperatorCost(
            OperationCost(
              flops: 2 * rows * Double(products), bytesRead: read + 4 * rows * Double(k),
              bytesWritten: 4 * rows * Double(outputs)), residentBytes: read)
        }()
      ) { workers.run(call.prepare(), job) }
    }
  }

  /// The rows of every group in tiles of a quantised form.
  private func quantize(
    _ groups: ProductGroups, _ x: GroupedRows, _ kind: vt_activation, k: Int, tiles: (rows: Int, groupStride: Int),
    isShared: Bool
  ) -> Tensor {
    let bytes = vt_activation_bytes(kind, Int32(k))
    let made = empty([tiles.rows, bytes], .i8)
    let target = made.pointer
    let (kernels, stride) = (linearKernels, tiles.groupStride * bytes)
    let step = kernels.pointee.tileRows(kind)
    let job = WorkerJob { index, _ in
      let group = groups.groups[index]
      let first = Int(group.first)
      var job = vt_quantize_job(
        linear: kernels, kind: kind, k: Int32(k), rows: group.rows,
        x: UnsafePointer(x.base + first * x.groupStride), ldx: Int64(x.rowStride), activations: target + first * stride)
      for item in 0..<(Int(group.rows) + step - 1) / step { vt_quantize_run(&job, Int32(item), 0) }
    }
    let values = Double(tiles.rows) * Double(k)
    let cost = OperatorCost(
      flops: 3 * values, bytesRead: 4 * values, bytesWritten: Double(tiles.rows * bytes))
    let workers = workers
    perform(.quantize, cost: cost) { workers.run(isShared ? 1 : Int(groups.count.pointee), job) }
    return made
  }

  /// The numbers of 32 bits that ``linearByHead(_:_:to:precision:)`` keeps of the heads.
  package static func headwiseWords(_ heads: Int) -> Int { ProductGroups.words(heads) }

  /// The products of each head of x with a matrix of its own: the first `inFeatures` values of a head of x [rows, heads · a]
  /// give the first `outFeatures` of the same head of y [rows, heads · b]; what else a head of y has stays as it is.
  ///
  /// - Precondition: both are contiguous f32 matrices whose heads are long enough.
  public func linearByHead(
    _ x: Tensor, _ matrices: PackedMatrices, to y: Tensor, precision: LinearPrecision = .bytes
  ) {
    let (rows, heads) = (x.shape[0], matrices.count)
    precondition(
      x.dtype == .f32 && y.dtype == .f32 && x.isContiguous && y.isContiguous && x.shape.rank == 2
        && y.shape.rank == 2 && y.shape[0] == rows && x.shape[1].isMultiple(of: heads)
        && y.shape[1].isMultiple(of: heads) && x.shape[1] / heads >= matrices.inFeatures
        && y.shape[1] / heads >= matrices.outFeatures,
      "\(heads) heads of \(matrices.outFeatures)×\(matrices.inFeatures) between \(x.shape) and \(y.shape)")
    if rows == 0 { return }
    let groups = ProductGroups(capacity: heads, self)
    perform(.gather, cost: OperatorCost(OperationCost())) {
      for head in 0..<heads {
        groups.groups[head] = ProductGroups.Group(
          matrix: Int32(head), rows: Int32(rows), first: Int32(head), item: 0)
      }
      groups.count.pointee = Int32(heads)
    }
    func side(_ tensor: Tensor) -> GroupedRows {
      GroupedRows(
        base: tensor.pointer(as: Float.self), rowStride: tensor.shape[1], groupStride: tensor.shape[1] / heads)
    }
    groupedLinear(
      groups, side(x), tiles: (rows: heads * rows, groupStride: rows), [(matrices, .store, nil)], to: side(y),
      precision: precision)
  }
}
