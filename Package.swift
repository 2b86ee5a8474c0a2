// swift-tools-version: 6.1
import PackageDescription

// One folder per target; arrows point only downward. `make lint` compares every file's imports with this list.
let package = Package(
  name: "venturi",
  products: [
    .library(name: "Venturi", targets: ["Venturi"]),
    .library(name: "VenturiCompression", targets: ["Compression"]),
    .library(name: "VenturiPlanner", targets: ["Planner"]),
    .library(name: "VenturiProfiling", targets: ["Profiling"]),
    .library(name: "VenturiServer", targets: ["Server"]),
    .library(name: "VenturiTesting", targets: ["VenturiTesting"]),
    .library(name: "VenturiTraining", targets: ["Training"]),
    .executable(name: "venturi", targets: ["Command"]),
    .executable(name: "venturi-atlas", targets: ["AtlasCommand"]),
    .executable(name: "venturi-hub", targets: ["HubCommand"]),
    .executable(name: "venturi-plan", targets: ["PlanCommand"]),
    .executable(name: "venturi-serve", targets: ["ServeCommand"]),
    .executable(name: "venturi-train", targets: ["TrainCommand"]),
  ],
  dependencies: [
    .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.2"),
    .package(url: "https://github.com/apple/swift-distributed-tracing", from: "1.7.3"),
    .package(url: "https://github.com/apple/swift-http-types", from: "1.8.0"),
    .package(url: "https://github.com/apple/swift-log", from: "1.16.2"),
    .package(url: "https://github.com/apple/swift-metrics", from: "2.13.0"),
    .package(url: "https://github.com/apple/swift-nio", from: "2.101.2"),
    .package(url: "https://github.com/apple/swift-nio-extras", from: "1.35.2"),
    .package(url: "https://github.com/apple/swift-nio-ssl", from: "2.37.6"),
    .package(url: "https://github.com/hummingbird-project/hummingbird", from: "2.28.1"),
    .package(url: "https://github.com/jpsim/Yams", from: "6.2.2"),
    .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
    .package(url: "https://github.com/swiftlang/swift-docc-plugin", from: "1.5.0"),
  ],
  targets: [
    .target(name: "CVenturi"),
    .target(name: "NumericTypes"),
    .target(name: "Costs", dependencies: ["NumericTypes"]),
    .target(name: "Tensors", dependencies: ["CVenturi", "Costs", "NumericTypes"]),
    .target(name: "Formats", dependencies: ["NumericTypes"]),
    .target(name: "Text", dependencies: ["Formats"]),
    .target(name: "Graphs", dependencies: ["CVenturi", "NumericTypes", "Tensors", "Formats"]),
    .target(name: "Layers", dependencies: ["CVenturi", "Costs", "NumericTypes", "Tensors"]),
    .target(
      name: "Mixers", dependencies: ["CVenturi", "Costs", "NumericTypes", "Tensors", "Layers"],
      exclude: [
        "BlockTopK/README.md", "DenseAttention/README.md", "KeyValueCache/README.md", "LatentAttention/README.md",
        "SelfAttention/README.md",
      ]),
    .target(
      name: "Models", dependencies: ["CVenturi", "Costs", "NumericTypes", "Tensors", "Layers", "Mixers", "Formats"]),
    .target(
      name: "Compression", dependencies: ["CVenturi", "NumericTypes", "Tensors", "Formats", "Models"],
      exclude: ["Quantization/README.md"]),
    .target(
      name: "Training",
      dependencies: ["CVenturi", "Costs", "NumericTypes", "Tensors", "Formats", "Text", "Models"],
      exclude: [
        "AlgoPerf/README.md", "FP4/README.md", "LocalLearning/README.md", "PEFT/README.md", "WTACRS/README.md",
      ]),
    .target(
      name: "Inference",
      dependencies: ["CVenturi", "NumericTypes", "Tensors", "Layers", "Mixers", "Models", "Formats", "Text"],
      exclude: ["Adapters/README.md"]),
    .target(
      name: "Profiling",
      dependencies: [
        "CVenturi", "NumericTypes", "Costs", "Tensors", "Formats", "Text", "Layers", "Mixers", "Models", "Inference",
        "Training",
      ],
      exclude: ["RuntimeDissection/README.md"]),
    .target(
      name: "Planner", dependencies: ["Costs", "NumericTypes"],
      exclude: [
        "AttentionIO/README.md", "C4/README.md", "DeepSeekV3/README.md", "FP4/README.md",
        "FastCompoundScaling/README.md",
        "FlashAttention2/README.md", "Frontier/README.md", "IdealizedRuntime/README.md", "InferenceTuner/README.md",
        "Kinetics/README.md", "LadderResidual/README.md", "LocalLearning/README.md",
        "LongContextPeakAnalysis/README.md", "Megatron/README.md", "Melange/README.md", "MoELens/README.md",
        "RuntimeDissection/README.md",
        "Nexus/README.md", "PEFT/README.md", "Parallel/README.md", "ScaleRL/README.md", "Simulation/README.md",
        "Splitwise/README.md", "SystemFlow/README.md", "TTSPM/README.md", "TokenWeave/README.md", "WTACRS/README.md",
        "Zeppelin/README.md",
      ]),
    .target(
      name: "Venturi",
      dependencies: ["NumericTypes", "Tensors", "Formats", "Text", "Graphs", "Layers", "Mixers", "Models", "Inference"]),
    .target(
      name: "VenturiTesting", dependencies: ["NumericTypes", "Tensors", "Formats", "Layers", "Mixers", "Models"]),
    .target(name: "Catalogue", dependencies: ["Formats"], path: "Sources/Atlas/Catalogue"),
    .target(
      name: "Console",
      dependencies: [
        "CVenturi", "Compression", "Venturi", "Profiling", "Catalogue",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "Command",
      dependencies: [
        "CVenturi", "Costs", "Compression", "Tensors", "Training", "Venturi", "Profiling", "Catalogue",
        "Console",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // Plans as the programs and the web page tell them.
    .target(name: "PlanReports", dependencies: ["Formats", "Planner"]),
    .target(name: "Hub", dependencies: ["Tensors", "Formats", "Inference"]),
    .executableTarget(
      name: "HubCommand",
      dependencies: [
        "Venturi", "Profiling", "Console", "Hub",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // The web page's files stand in the program. A target of its own: only a change of theirs compiles them again.
    .target(name: "ServerPage", path: "Sources/Server/Page", resources: [.embedInCode("Files")]),
    // So does the description of the interface.
    .target(name: "ServerInterface", path: "Sources/Server/OpenAPI", resources: [.embedInCode("openapi.json")]),
    .target(
      name: "Server",
      dependencies: [
        "NumericTypes", "Costs", "Formats", "Text", "Models", "Inference", "Planner", "PlanReports", "Catalogue",
        "ServerPage", "ServerInterface",
        .product(name: "HTTPTypes", package: "swift-http-types"),
        .product(name: "Hummingbird", package: "hummingbird"),
        .product(name: "HummingbirdCore", package: "hummingbird"),
        .product(name: "HummingbirdTLS", package: "hummingbird"),
        .product(name: "CoreMetrics", package: "swift-metrics"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOHTTPTypes", package: "swift-nio-extras"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
        .product(name: "Tracing", package: "swift-distributed-tracing"),
      ],
      exclude: ["OpenAPI", "Page"]),
    .target(name: "Plots", dependencies: ["Formats"]),
    .target(
      name: "Client",
      dependencies: [
        "Formats",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
        .product(name: "NIOSSL", package: "swift-nio-ssl"),
        .product(name: "NIOTLS", package: "swift-nio"),
      ]),
    // Trials of an engine's settings, each in a process of its own, and what is searched and mapped with them.
    .target(
      name: "Tuning",
      dependencies: [
        "CVenturi", "NumericTypes", "Costs", "Tensors", "Formats", "Text", "Layers", "Models", "Inference", "Profiling",
        "Planner",
      ]),
    .target(name: "Load", dependencies: ["Formats", "Tensors", "Profiling", "Plots", "Client"]),
    .executableTarget(
      name: "ServeCommand",
      dependencies: [
        "Venturi", "NumericTypes", "Formats", "Profiling", "Planner", "ConfigurationFiles", "Console", "Plots",
        "Server",
        "Client", "Load", "Tuning",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
      ]),
    // Debian's libpng-dev and libturbojpeg0-dev; only what learns from images needs them.
    .systemLibrary(name: "CImages", providers: [.apt(["libpng-dev", "libturbojpeg0-dev"])]),
    .target(name: "Images", dependencies: ["CImages", "NumericTypes", "Tensors", "Training"]),
    // Files that a user writes, in YAML; only the programs that read them need its library.
    .target(
      name: "ConfigurationFiles",
      dependencies: ["NumericTypes", "Formats", "Profiling", "Console", .product(name: "Yams", package: "Yams")]),
    .executableTarget(
      name: "TrainCommand",
      dependencies: [
        "NumericTypes", "Tensors", "Formats", "Text", "Training", "Images", "Plots", "Venturi", "Profiling", "Console",
        "ConfigurationFiles",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .executableTarget(
      name: "PlanCommand",
      dependencies: [
        "NumericTypes", "Costs", "Planner", "PlanReports", "Formats", "Plots", "Venturi", "Profiling", "Console",
        "ConfigurationFiles",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    // Debian's libsqlite3-dev; only what reproduces and keeps results needs it.
    .systemLibrary(name: "CSQLite", providers: [.apt(["libsqlite3-dev"])]),
    .target(
      name: "Atlas",
      dependencies: [
        "CSQLite", "CVenturi", "NumericTypes", "Costs", "Tensors", "Formats", "Text", "Layers", "Mixers", "Compression",
        "Profiling", "Planner", "PlanReports", "Training", "Tuning", "Venturi", "VenturiTesting", "Catalogue", "Plots",
      ],
      exclude: ["Catalogue"]),
    .executableTarget(
      name: "AtlasCommand",
      dependencies: [
        "Venturi", "Profiling", "Catalogue", "Console", "Atlas",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .target(name: "CAllocationCounter", path: "Tests/CAllocationCounter"),
    .testTarget(name: "NumericTypesTests", dependencies: ["NumericTypes"]),
    .testTarget(name: "CostsTests", dependencies: ["Costs", "NumericTypes"]),
    .testTarget(name: "PlannerTests", dependencies: ["Costs", "Formats", "NumericTypes", "Planner", "VenturiTesting"]),
    .testTarget(name: "TensorsTests", dependencies: ["CVenturi", "NumericTypes", "Tensors", "VenturiTesting"]),
    .testTarget(name: "FormatsTests", dependencies: ["NumericTypes", "Formats", "VenturiTesting"]),
    .testTarget(name: "TextTests", dependencies: ["Formats", "Text"]),
    .testTarget(
      name: "GraphsTests", dependencies: ["Formats", "Graphs", "NumericTypes", "Tensors", "VenturiTesting"]),
    .testTarget(
      name: "MixersTests", dependencies: ["CVenturi", "NumericTypes", "Tensors", "Layers", "Mixers", "VenturiTesting"]),
    .testTarget(
      name: "ModelsTests",
      dependencies: ["Costs", "Formats", "NumericTypes", "Tensors", "Layers", "Mixers", "Models", "VenturiTesting"]),
    .testTarget(
      name: "TrainingTests",
      dependencies: ["Formats", "Models", "NumericTypes", "Tensors", "Text", "Training", "VenturiTesting"]),
    .testTarget(
      name: "CompressionTests",
      dependencies: ["Compression", "Formats", "Models", "NumericTypes", "Tensors", "VenturiTesting"]),
    .testTarget(
      name: "ProfilingTests",
      dependencies: [
        "CVenturi", "Costs", "Formats", "Inference", "Models", "NumericTypes", "Profiling", "Tensors", "Text",
        "Training", "VenturiTesting",
      ]),
    .testTarget(
      name: "InferenceTests",
      dependencies: ["Costs", "Formats", "Planner", "Tensors", "Venturi", "VenturiTesting", "CAllocationCounter"]),
    .testTarget(name: "HubTests", dependencies: ["Formats", "Hub", "Inference", "VenturiTesting"]),
    .testTarget(
      name: "ServerTests",
      dependencies: [
        "Catalogue", "Costs", "Formats", "Planner", "Server", "ServerInterface", "ServerPage", "Venturi",
        "VenturiTesting",
        .product(name: "Logging", package: "swift-log"),
        .product(name: "Metrics", package: "swift-metrics"),
      ]),
    .testTarget(
      name: "LoadTests",
      dependencies: [
        "Client", "Formats", "Load", "Plots", "Tensors",
        .product(name: "NIOCore", package: "swift-nio"),
        .product(name: "NIOHTTP1", package: "swift-nio"),
        .product(name: "NIOPosix", package: "swift-nio"),
      ]),
    .testTarget(
      name: "TuningTests",
      dependencies: ["Formats", "Inference", "Models", "NumericTypes", "Planner", "Profiling", "Tuning"]),
    .testTarget(
      name: "ImagesTests", dependencies: ["Formats", "Images", "Tensors", "Training", "VenturiTesting"]),
    .testTarget(
      name: "CommandTests",
      dependencies: [
        "AtlasCommand", "Client", "Command", "Console", "Formats", "Inference", "Load", "Models", "NumericTypes",
        "PlanCommand", "Profiling", "ServeCommand", "Tensors", "TrainCommand", "VenturiTesting",
        .product(name: "ArgumentParser", package: "swift-argument-parser"),
      ]),
    .testTarget(
      name: "TrainCommandTests",
      dependencies: ["ConfigurationFiles", "Console", "Formats", "Tensors", "TrainCommand", "Training"]),
    .testTarget(
      name: "AtlasTests",
      dependencies: ["Atlas", "CSQLite", "Catalogue", "Costs", "Formats", "Planner", "Plots", "Profiling"]),
  ],
  cLanguageStandard: .c11
)
