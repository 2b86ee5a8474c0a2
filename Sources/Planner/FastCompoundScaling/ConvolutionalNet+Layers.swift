extension ConvolutionalNet {
  /// All layers that multiply, and the pool where there is one, in the order in which they run.
  public var layers: [ConvolutionalLayer] {
    var layers: [ConvolutionalLayer] = []
    var side = resolution
    func shrunk(_ side: Int, _ stride: Int) -> Int { (side - 1) / stride + 1 }
    func add(
      _ name: String, _ inputs: Int, _ outputs: Int, _ kernel: Int, side: Int, groups: Int = 1, biased: Bool = false
    ) {
      layers.append(
        ConvolutionalLayer(
          name: name, inputs: inputs, outputs: outputs, kernel: kernel, groups: groups, side: side, isBiased: biased,
          isNormed: !biased))
    }
    func squeeze(_ place: String, _ width: Int, to narrow: Int) {
      add("\(place).squeeze", width, narrow, 1, side: 1, biased: true)
      add("\(place).excite", narrow, width, 1, side: 1, biased: true)
    }
    side = shrunk(side, 2)
    add("stem", 3, stemWidth, stemKernel, side: side)
    if hasPool {
      side = shrunk(side, 2)
      // It multiplies nothing, but what it gives out is counted, as in the paper's code.
      layers.append(
        ConvolutionalLayer(
          name: "pool", inputs: stemWidth, outputs: stemWidth, kernel: 0, groups: stemWidth, side: side,
          isBiased: false,
          isNormed: false))
    }
    var width = stemWidth
    for (index, stage) in stages.enumerated() {
      for block in 0..<stage.depth {
        let place = "stages[\(index)].\(block)"
        let stride = block == 0 ? stage.stride : 1
        let next = shrunk(side, stride)
        let needsProjection = width != stage.width || stride != 1
        switch stage.block {
        case .plain:
          if needsProjection { add("\(place).shortcut", width, stage.width, 1, side: next) }
          add("\(place).first", width, stage.width, 3, side: next)
          add("\(place).second", stage.width, stage.width, 3, side: next)
        case .bottleneck(let multiplier, let group, let part):
          let inner = Self.inner(stage.width, multiplier)
          if needsProjection { add("\(place).shortcut", width, stage.width, 1, side: next) }
          add("\(place).narrow", width, inner, 1, side: side)
          add("\(place).grouped", inner, inner, 3, side: next, groups: inner / group)
          let narrow = Int((Double(width) * part).rounded(.toNearestOrEven))
          if narrow > 0 { squeeze(place, inner, to: narrow) }
          add("\(place).widen", inner, stage.width, 1, side: next)
        case .inverted(let expansion, let kernel, let part):
          let inner = width * expansion
          if inner != width { add("\(place).expand", width, inner, 1, side: side) }
          add("\(place).depthwise", inner, inner, kernel, side: next, groups: inner)
          let narrow = Int(Double(width) * part)
          if narrow > 0 { squeeze(place, inner, to: narrow) }
          add("\(place).project", inner, stage.width, 1, side: next)
        }
        (width, side) = (stage.width, next)
      }
    }
    if headWidth > 0 {
      add("head", width, headWidth, 1, side: side)
      width = headWidth
    }
    add("classes", width, classes, 1, side: 1, biased: true)
    return layers
  }

  /// Its counts for one image, by layer.
  public var complexity: NetComplexity { layers.reduce(NetComplexity()) { $0 + $1.complexity } }
}
