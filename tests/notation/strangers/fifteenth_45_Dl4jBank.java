package ar.edu.uba.ml.tp2;

import org.deeplearning4j.nn.conf.MultiLayerConfiguration;
import org.deeplearning4j.nn.conf.NeuralNetConfiguration;
import org.deeplearning4j.nn.conf.layers.DenseLayer;
import org.deeplearning4j.nn.conf.layers.OutputLayer;
import org.deeplearning4j.nn.multilayer.MultiLayerNetwork;
import org.deeplearning4j.nn.weights.WeightInit;
import org.nd4j.linalg.activations.Activation;
import org.nd4j.linalg.learning.config.Nesterovs;
import org.nd4j.linalg.lossfunctions.LossFunctions;

/** TP2: clasificador de billetes falsos (banknote authentication, UCI). */
public class Dl4jBank {

    private static final int ATRIBUTOS = 4;   // varianza, asimetría, curtosis, entropía
    private static final int CLASES = 2;

    public static MultiLayerNetwork construir(long semilla) {
        MultiLayerConfiguration conf = new NeuralNetConfiguration.Builder()
            .seed(semilla)
            .activation(Activation.TANH)
            .weightInit(WeightInit.XAVIER)
            .updater(new Nesterovs(0.1, 0.9))
            .l2(1e-4)
            .list()
            .layer(new DenseLayer.Builder().nIn(ATRIBUTOS).nOut(10).build())
            .layer(new DenseLayer.Builder().nIn(10).nOut(6).activation(Activation.RELU).build())
            .layer(new OutputLayer.Builder(LossFunctions.LossFunction.NEGATIVELOGLIKELIHOOD)
                .activation(Activation.SOFTMAX).nIn(6).nOut(CLASES).build())
            .build();
        MultiLayerNetwork red = new MultiLayerNetwork(conf);
        red.init();
        return red;
    }
}
