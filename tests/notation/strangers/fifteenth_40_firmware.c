/* gesture_net.c - 8-bit MCU build, weights come from export_weights.py
 * (c) 2018 hackaday project #160442
 */
#include <math.h>
#include <stdint.h>
#include "gesture_weights.h"   /* W_A[][], B_A[], W_B[][], B_B[], W_C[][], B_C[] */

#define N_SENS   18            /* 6 axes x 3 statistics */
#define N_FIRST  20
#define N_SECOND 12
#define N_GEST   5

static float buf1[N_FIRST];
static float buf2[N_SECOND];
static float score[N_GEST];

static float relu(float v) { return v > 0.0f ? v : 0.0f; }

uint8_t gesture_classify(const float s[N_SENS])
{
    uint8_t i, j, best = 0;
    float acc, sum = 0.0f;

    for (i = 0; i < N_FIRST; i++) {
        acc = B_A[i];
        for (j = 0; j < N_SENS; j++) acc += W_A[i][j] * s[j];
        buf1[i] = relu(acc);
    }
    for (i = 0; i < N_SECOND; i++) {
        acc = B_B[i];
        for (j = 0; j < N_FIRST; j++) acc += W_B[i][j] * buf1[j];
        buf2[i] = relu(acc);
    }
    for (i = 0; i < N_GEST; i++) {
        acc = B_C[i];
        for (j = 0; j < N_SECOND; j++) acc += W_C[i][j] * buf2[j];
        score[i] = expf(acc);
        sum += score[i];
    }
    for (i = 0; i < N_GEST; i++) {
        score[i] /= sum;
        if (score[i] > score[best]) best = i;
    }
    return score[best] > 0.6f ? best : 255;
}
