% Klopfregelung: Netz zur Schätzung des Drehmoments
% (Beispieldatensatz engine_dataset der Toolbox)
[x,t] = engine_dataset;          % x: 2x1199 (fuel rate, speed), t: 2x1199 (torque, NOx)
net = feedforwardnet([10 5],'trainlm');
net.layers{1}.transferFcn = 'logsig';
net.layers{2}.transferFcn = 'tansig';
net.layers{3}.transferFcn = 'purelin';
net.divideParam.trainRatio = 0.7;
net.divideParam.valRatio   = 0.15;
net.divideParam.testRatio  = 0.15;
[net,tr] = train(net,x,t);
y = net(x);
plotregression(t,y)
